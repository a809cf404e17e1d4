import type { Detector } from './detector.ts';
import { MersenneTwister } from './mersenne-twister.ts';

export interface KswinOptions {
  /** p-value at or below which it is a change; well below 0.01. */
  readonly alpha?: number;
  readonly windowSize?: number;
  readonly statSize?: number;
  readonly seed?: number;
}

/** A difference of the distributions below this is never a change, however sure. */
const leastDistance = 0.1;

/**
 * KSWIN (Raab et al. 2020): a two-sample Kolmogorov-Smirnov test of the newest values against as many drawn from the
 * older ones of a sliding window. After a detection the next value starts anew. Same steps as river's `KSWIN`, with
 * SciPy's exact p-value and Python's random numbers. Allocates nothing after construction.
 */
export class Kswin implements Detector {
  readonly #alpha: number;
  readonly #seed: number;
  readonly #window: Float64Array;
  readonly #recent: Float64Array;
  readonly #drawn: Float64Array;
  readonly #picks: Uint16Array;
  readonly #pool: Uint16Array;
  #random: MersenneTwister;
  #length = 0;
  #detected = false;
  #pValue = 1;

  constructor({ alpha = 0.005, windowSize = 100, statSize = 30, seed = 1 }: KswinOptions = {}) {
    if (windowSize < 2 * statSize)
      throw new RangeError(`windowSize: found ${windowSize}, expected at least ${2 * statSize}`);
    this.#alpha = alpha;
    this.#seed = seed;
    this.#window = new Float64Array(windowSize);
    this.#recent = new Float64Array(statSize);
    this.#drawn = new Float64Array(statSize);
    this.#picks = new Uint16Array(statSize);
    this.#pool = new Uint16Array(windowSize - statSize);
    this.#random = new MersenneTwister(seed);
  }

  get pValue(): number {
    return this.#pValue;
  }
  /** Evidence in decades: -log10 of the p-value, against that of alpha. */
  get statistic(): number {
    return -Math.log10(Math.max(this.#pValue, 1e-300));
  }
  get threshold(): number {
    return -Math.log10(this.#alpha);
  }

  reset(): void {
    this.#length = 0;
    this.#detected = false;
    this.#pValue = 1;
    this.#random = new MersenneTwister(this.#seed);
  }

  update(value: number): boolean {
    if (this.#detected) this.reset();
    const window = this.#window;
    if (this.#length === window.length) window.copyWithin(0, 1);
    else this.#length++;
    window[this.#length - 1] = value;
    if (this.#length < window.length) return false;
    const older = window.length - this.#recent.length;
    this.#random.sample(older, this.#picks, this.#pool);
    for (let i = 0; i < this.#recent.length; i++) {
      this.#drawn[i] = window[this.#picks[i]];
      this.#recent[i] = window[older + i];
    }
    const steps = largestGap(this.#drawn.sort(), this.#recent.sort());
    this.#pValue = exactPValue(this.#recent.length, steps);
    this.#detected = this.#pValue <= this.#alpha && steps / this.#recent.length > leastDistance;
    return this.#detected;
  }
}

/** Largest difference of two empirical distributions of equal size, in steps of 1/n; both sorted. */
function largestGap(a: Float64Array, b: Float64Array): number {
  let i = 0;
  let j = 0;
  let gap = 0;
  while (i < a.length && j < b.length) {
    const x = Math.min(a[i], b[j]);
    while (i < a.length && a[i] === x) i++;
    while (j < b.length && b[j] === x) j++;
    gap = Math.max(gap, Math.abs(i - j));
  }
  return gap;
}

/** Two-sided p-value for two samples of `n` values whose distributions differ by `h` steps (Hodges 1958). */
function exactPValue(n: number, h: number): number {
  if (h === 0) return 1;
  let p = 0;
  for (let k = Math.floor(n / h); k >= 0; k--) {
    let term = 1;
    for (let j = 0; j < h; j++) term = ((n - k * h - j) * term) / (n + k * h + j + 1);
    p = term * (1 - p);
  }
  return Math.min(1, 2 * p);
}
