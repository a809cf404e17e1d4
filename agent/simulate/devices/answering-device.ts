import { type CurrentSource, Outbox, type SimulatedDevice } from './device.ts';

/** Bytes without a whole message after which a device gives up and begins anew. */
const maxPending = 1024;

/**
 * The part that devices which answer requests share: gathering bytes until a message is whole, and answering at the
 * next tick, with the current of that time.
 */
export abstract class AnsweringDevice implements SimulatedDevice {
  commands = 0;
  misunderstood = 0;
  protected readonly outbox = new Outbox();
  protected readonly currentA: CurrentSource;
  #pending: number[] = [];

  constructor(currentA: CurrentSource) {
    this.currentA = currentA;
  }

  /**
   * Takes one message from the front of `pending` and does what it says. Returns how many bytes that were, 0 when
   * the message is not whole yet.
   */
  protected abstract take(pending: readonly number[], nowUs: number): number;

  /** What the device sends by itself; nothing, unless it streams. */
  protected stream(_nowUs: number): void {}

  receive(bytes: Uint8Array): void {
    this.#pending.push(...bytes);
    if (this.#pending.length > maxPending) {
      this.misunderstood += this.#pending.length;
      this.#pending = [];
    }
  }

  tick(nowUs: number): Uint8Array | undefined {
    while (this.#pending.length > 0) {
      const taken = this.take(this.#pending, nowUs);
      if (taken === 0) break;
      this.#pending.splice(0, taken);
    }
    this.stream(nowUs);
    return this.outbox.take();
  }
}

/** A whole number in `bytes` bytes, most significant first. */
export function bigEndian(value: number, bytes: number): number[] {
  const whole = Math.round(value);
  return Array.from({ length: bytes }, (_, k) => (whole >> (8 * (bytes - 1 - k))) & 0xff);
}

/** Rounds to steps of `stepA` and clips to a signed 16-bit number, as a converter does. */
export function int16Steps(currentA: number, stepA: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(currentA / stepA)));
}
