import { Outbox, type SimulatedDevice } from './device.ts';

/** Frames that a device catches up with at most when it was not ticked for a while. */
const maxBacklog = 100_000;

/** A device that talks by itself at an even rate and takes whatever it hears for a mistake. */
export class StreamingDevice implements SimulatedDevice {
  readonly commands = 0;
  misunderstood = 0;
  readonly #outbox = new Outbox();
  readonly #rateHz: number;
  readonly #frame: (timeUs: number, index: number) => Uint8Array;
  #startUs = Number.NaN;
  #index = 0;

  /** `frame` makes the bytes of the reading at `timeUs`, the `index`th one. */
  constructor(rateHz: number, frame: (timeUs: number, index: number) => Uint8Array) {
    this.#rateHz = rateHz;
    this.#frame = frame;
  }

  receive(bytes: Uint8Array): void {
    this.misunderstood += bytes.length;
  }

  tick(nowUs: number): Uint8Array | undefined {
    if (Number.isNaN(this.#startUs)) this.#startUs = nowUs;
    const until = Math.floor(((nowUs - this.#startUs) * this.#rateHz) / 1e6);
    if (until - this.#index > maxBacklog) this.#index = until - maxBacklog;
    for (; this.#index <= until; this.#index++) {
      const timeUs = this.#startUs + Math.round((this.#index * 1e6) / this.#rateHz);
      this.#outbox.put(this.#frame(timeUs, this.#index));
    }
    return this.#outbox.take();
  }
}
