/** Current of a channel in A at a time of the simulation in microseconds; times go back by a second at most. */
export type CurrentSource = (channel: number, timeUs: number) => number;

/**
 * A device as seen from its serial line: a state machine that takes bytes and, when its time comes, gives bytes. It answers
 * like the hardware, and counts what it was told to do beyond reading: `commands` must stay 0.
 */
export interface SimulatedDevice {
  receive(bytes: Uint8Array): void;
  /** Bytes that the device has sent by now, or undefined. Call it often, with a time that never goes back. */
  tick(nowUs: number): Uint8Array | undefined;
  /** Messages that would have moved, configured or stopped something. */
  readonly commands: number;
  /** Bytes or messages that the device did not understand. */
  readonly misunderstood: number;
}

/** Bytes on their way out. */
export class Outbox {
  #parts: Uint8Array[] = [];

  put(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  take(): Uint8Array | undefined {
    if (this.#parts.length === 0) return undefined;
    const all = Uint8Array.from(Buffer.concat(this.#parts));
    this.#parts = [];
    return all;
  }
}
