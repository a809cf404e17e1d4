import type { Step, Window } from './sample.ts';

/** Shape of the windows. */
export interface WindowerOptions {
  readonly steps: number;
  /** Steps from the start of one window to the start of the next. */
  readonly stride: number;
  readonly channels: number;
}

/** A step that comes later than this many step intervals lies behind a hole. */
const hole = 1.5;

/**
 * Cuts an even stream into windows of `steps` x `channels`, `stride` steps apart, without padding. The first window
 * after a start or reset comes when `steps` steps are there. Steps that are not evenly spaced (the resampler began a new
 * grid) start anew too, so that no window lies across a hole. Allocates only the windows that it hands over.
 */
export class Windower {
  readonly #steps: number;
  readonly #stride: number;
  readonly #channels: number;
  /** Ring of the last `steps` steps, row-major. */
  readonly #ring: Float32Array;
  readonly #timesUs: Float64Array;
  #index = 0;
  #seen = 0;
  #afterGap = true;
  #lastUs = 0;
  #stepUs = 0;

  constructor(options: WindowerOptions) {
    this.#steps = options.steps;
    this.#stride = options.stride;
    this.#channels = options.channels;
    this.#ring = new Float32Array(options.steps * options.channels);
    this.#timesUs = new Float64Array(options.steps);
  }

  /** The next step of the even grid, `channels` values; returns the window that it completes, if any. */
  push(step: Step): Window | undefined {
    const { timeUs, values } = step;
    const intervalUs = timeUs - this.#lastUs;
    if (this.#seen === 1) this.#stepUs = intervalUs;
    else if (this.#seen > 1 && !(intervalUs > 0 && intervalUs < hole * this.#stepUs)) this.reset();
    this.#lastUs = timeUs;
    const row = this.#seen % this.#steps;
    this.#timesUs[row] = timeUs;
    const base = row * this.#channels;
    for (let c = 0; c < this.#channels; c += 1) this.#ring[base + c] = values[c];
    this.#seen += 1;
    const past = this.#seen - this.#steps;
    if (past < 0 || past % this.#stride !== 0) return undefined;
    return this.#cut((row + 1) % this.#steps, timeUs);
  }

  /** Start anew: no window lies across this point. */
  reset(): void {
    this.#seen = 0;
    this.#afterGap = true;
  }

  #cut(oldestRow: number, endUs: number): Window {
    const data = new Float32Array(this.#ring.length);
    const split = oldestRow * this.#channels;
    data.set(this.#ring.subarray(split));
    data.set(this.#ring.subarray(0, split), this.#ring.length - split);
    const window = {
      index: this.#index,
      startUs: this.#timesUs[oldestRow],
      endUs,
      data,
      afterGap: this.#afterGap,
    };
    this.#index += 1;
    this.#afterGap = false;
    return window;
  }
}
