import type { SourceState } from '../source/source.ts';

/** What is known of the device, for the watchdog. */
export interface DeviceFacts {
  state: SourceState;
  /** Times that the source was opened. */
  opened: number;
  bytes: number;
  /** Silence after which the source itself closes and opens again. */
  silenceMs: number;
}

/**
 * Whether a device that gives no readings is known to be absent, so that nothing hangs: its port is not open; or the
 * source has found it silent and opened it anew; or it is silent for less than the source waits for. Bytes without
 * readings are no absence. Asked again and again; remembers the last time.
 */
export class AbsenceJudge {
  #opened = -1;
  #bytes = -1;
  #heardMs = 0;

  isAbsent({ state, opened, bytes, silenceMs }: DeviceFacts, nowMs: number): boolean {
    const reopened = opened !== this.#opened;
    const heard = bytes !== this.#bytes;
    if (reopened || heard) this.#heardMs = nowMs;
    this.#opened = opened;
    this.#bytes = bytes;
    if (state !== 'open' || reopened) return true;
    return !heard && nowMs - this.#heardMs < silenceMs + graceMs;
  }
}

/** Closing and opening takes its time. */
const graceMs = 5000;
