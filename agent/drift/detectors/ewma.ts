import type { Detector } from './detector.ts';

export interface EwmaOptions {
  /** Mean and standard deviation of the values while all is well. */
  readonly mean?: number;
  readonly std?: number;
  /** Weight of the newest value. */
  readonly lambda?: number;
  /** Control limit L, in standard deviations of the average. */
  readonly limit?: number;
  /** Takes the spread that the average has in the long run from the start on: early values count for less. */
  readonly settled?: boolean;
}

/**
 * EWMA control chart (Roberts 1959) with the exact, time-dependent limit. `statistic` is the distance of the average
 * from the mean in its own standard deviations, so it can be held against `threshold` at any time.
 */
export class Ewma implements Detector {
  readonly threshold: number;
  readonly #mean: number;
  readonly #std: number;
  readonly #lambda: number;
  readonly #settled: boolean;
  #average: number;
  /** (1 - lambda)^(2n): what the start still counts. */
  #start: number;
  #statistic = 0;

  constructor({ mean = 0, std = 1, lambda = 0.2, limit = 3, settled = false }: EwmaOptions = {}) {
    if (!(std > 0)) throw new RangeError(`std: found ${std}, expected above 0`);
    if (!(lambda > 0 && lambda <= 1))
      throw new RangeError(`lambda: found ${lambda}, expected 0 < lambda <= 1`);
    this.#mean = mean;
    this.#std = std;
    this.#lambda = lambda;
    this.#average = mean;
    this.threshold = limit;
    this.#settled = settled;
    this.#start = this.#first;
  }

  get #first(): number {
    return this.#settled ? 0 : 1;
  }
  get average(): number {
    return this.#average;
  }
  get statistic(): number {
    return this.#statistic;
  }

  update(value: number): boolean {
    this.#average += this.#lambda * (value - this.#average);
    this.#start *= (1 - this.#lambda) ** 2;
    const spread = this.#std * Math.sqrt((this.#lambda / (2 - this.#lambda)) * (1 - this.#start));
    this.#statistic = Math.abs(this.#average - this.#mean) / spread;
    return this.#statistic > this.threshold;
  }

  reset(): void {
    this.#average = this.#mean;
    this.#start = this.#first;
    this.#statistic = 0;
  }
}
