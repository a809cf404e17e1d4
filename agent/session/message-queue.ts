import type { McapMessage } from './mcap-writer.ts';
import { PREDICTIONS, SAMPLES } from './topics.ts';

/** What will be one chunk of the file. */
export interface Group {
  readonly messages: McapMessage[];
  readonly samples: number;
  /** The oldest of it, on the agent's clock, microseconds. */
  readonly fromUs: number;
}

/**
 * What waits for the disk, bounded in bytes: a disk that hangs costs samples, never memory. A group that does not fit
 * is dropped and counted; its labels and events, which cannot be had again, are kept for the next one.
 */
export class GroupQueue {
  droppedSamples = 0;
  droppedGroups = 0;
  bytes = 0;
  readonly #maxBytes: number;
  readonly #groups: Group[] = [];
  #kept: McapMessage[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#groups.length;
  }

  /** False where the group's samples were dropped. */
  push(group: Group): boolean {
    const bytes = size(group.messages);
    if (this.bytes + bytes > this.#maxBytes) {
      this.droppedGroups += 1;
      this.droppedSamples += group.samples;
      this.#kept.push(...group.messages.filter((m) => m.topic !== SAMPLES && m.topic !== PREDICTIONS));
      return false;
    }
    this.#groups.push({
      messages: [...this.#kept, ...group.messages],
      samples: group.samples,
      fromUs: group.fromUs,
    });
    this.bytes += bytes + size(this.#kept);
    this.#kept = [];
    return true;
  }

  /** Takes back a message that a dropped group left behind, where a newer one says the same. */
  forget(message: McapMessage): void {
    const index = this.#kept.indexOf(message);
    if (index >= 0) this.#kept.splice(index, 1);
  }

  /** Samples that wait. */
  get samples(): number {
    return this.#groups.reduce((sum, group) => sum + group.samples, 0);
  }

  /** The oldest group; it stays until `shift`. */
  peek(): Group | undefined {
    return this.#groups[0];
  }

  shift(): void {
    const group = this.#groups.shift();
    if (group !== undefined) this.bytes -= size(group.messages);
  }
}

function size(messages: readonly McapMessage[]): number {
  return messages.reduce((sum, m) => sum + m.data.byteLength, 0);
}
