import type { Detector } from './detector.ts';

export interface CusumOptions {
  /** Mean and standard deviation of the values while all is well. */
  readonly mean?: number;
  readonly std?: number;
  /** Allowance k in standard deviations: half of the smallest shift worth finding. */
  readonly allowance?: number;
  /** Decision interval h in standard deviations. */
  readonly threshold?: number;
  /** The sums stop here, so that a shift that is over is over in bounded time; default: nowhere. */
  readonly cap?: number;
}

/**
 * Tabular two-sided CUSUM (Page 1954; Montgomery's k and h) against a known mean and standard deviation. The sums stay
 * after a detection, so that it can be seen to end; `reset` clears them.
 */
export class Cusum implements Detector {
  readonly threshold: number;
  readonly #mean: number;
  readonly #std: number;
  readonly #allowance: number;
  readonly #cap: number;
  #high = 0;
  #low = 0;

  constructor({ mean = 0, std = 1, allowance = 0.5, threshold = 5, cap = Infinity }: CusumOptions = {}) {
    if (!(std > 0)) throw new RangeError(`std: found ${std}, expected above 0`);
    this.#mean = mean;
    this.#std = std;
    this.#allowance = allowance;
    this.#cap = cap;
    this.threshold = threshold;
  }

  /** Evidence for a shift upwards, and downwards. */
  get high(): number {
    return this.#high;
  }
  get low(): number {
    return this.#low;
  }
  get statistic(): number {
    return Math.max(this.#high, this.#low);
  }

  update(value: number): boolean {
    const z = (value - this.#mean) / this.#std;
    this.#high = Math.min(this.#cap, Math.max(0, this.#high + z - this.#allowance));
    this.#low = Math.min(this.#cap, Math.max(0, this.#low - z - this.#allowance));
    return this.statistic > this.threshold;
  }

  reset(): void {
    this.#high = 0;
    this.#low = 0;
  }
}
