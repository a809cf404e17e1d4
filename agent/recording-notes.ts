import { UserError } from './errors.ts';
import { type OpenSession, startTimeOf } from './recording-session.ts';
import type { Clocks } from './reporter.ts';

/** What a person says of a session while it is recorded: labels and marks, and that the last one was a mistake. */
export class RecordingNotes {
  readonly #session: OpenSession;
  readonly #clocks: Clocks;
  /** What `undo` takes back, newest last; the label that a session began with is not in it. */
  readonly #done: ('label' | 'mark')[] = [];

  constructor(session: OpenSession, clocks: Clocks) {
    this.#session = session;
    this.#clocks = clocks;
  }

  /** The label from now (or from `atUs` on the agent's clock) on; null is none. */
  label(label: string | null, by: string, atUs?: number): void {
    this.#session.recorder.label(label, by, atUs);
    this.#done.push('label');
  }

  /** A time of day on the agent's clock. Throws UserError where it lies outside of the recording. */
  atUs(time: string): number {
    const { clock } = this.#session;
    const { startUs, startWallMs } = clock;
    const atUs = startUs + (Date.parse(time) - startWallMs) * 1000;
    const nowUs = this.#clocks.nowUs();
    if (atUs >= startUs && atUs <= nowUs) return atUs;
    const end = new Date(startWallMs + (nowUs - startUs) / 1000).toISOString();
    throw new UserError(`time: found ${time}, expected ${startTimeOf(clock)} to ${end}`, 64);
  }

  /** Takes the last label or mark back. Throws UserError where there is none. */
  undo(by: string): void {
    const { recorder } = this.#session;
    const last = this.#done.pop();
    if (last === undefined) throw new UserError('found no label or mark to take back, expected one', 69);
    if (last === 'label') recorder.undo(by);
    else recorder.event('unmark', '');
  }

  /** Notes that something happened here. */
  mark(detail: string): void {
    this.#session.recorder.event('mark', detail);
    this.#done.push('mark');
  }
}
