import type { LabelMessage } from './topics.ts';

/** From `atUs` (agent's monotonic clock) on the label is this one; null is none. */
export interface LabelChange {
  readonly atUs: number;
  readonly label: string | null;
}

/**
 * Which label when. Changes may come late (a marker file is read after the fact) and may be taken back; the last
 * one made counts where two have the same time.
 */
export class LabelTimeline {
  /** In the order in which they were made. */
  readonly #made: LabelChange[] = [];

  apply(message: Pick<LabelMessage, 'op' | 'label' | 'atUs' | 'by'>): void {
    if (message.op === 'undo') this.#made.pop();
    else if (message.by !== 'carried' || !this.#has(message))
      this.#made.push({ atUs: message.atUs, label: message.label });
  }

  /** Changes that stand, in the order in which they were made. */
  get made(): readonly LabelChange[] {
    return this.#made;
  }

  /** Ascending in time, each different from the one before. */
  changes(): LabelChange[] {
    const sorted = this.#made.map((change, i) => ({ change, i }));
    sorted.sort((a, b) => a.change.atUs - b.change.atUs || a.i - b.i);
    const result: LabelChange[] = [];
    for (const { change } of sorted) {
      if (result.at(-1)?.atUs === change.atUs) result.pop();
      if ((result.at(-1)?.label ?? null) !== change.label) result.push(change);
    }
    return result;
  }

  at(timeUs: number): string | null {
    let label: string | null = null;
    for (const change of this.changes()) {
      if (change.atUs > timeUs) break;
      label = change.label;
    }
    return label;
  }

  #has({ atUs, label }: LabelChange): boolean {
    return this.#made.some((change) => change.atUs === atUs && change.label === label);
  }
}
