import type { Detector } from './detector.ts';

export interface AdwinOptions {
  /** Confidence: smaller means fewer false alarms. */
  readonly delta?: number;
  /** Cuts are looked for every so many values. */
  readonly clock?: number;
  /** Summaries of one size before two of them are merged. */
  readonly maxBuckets?: number;
  readonly minWindowLength?: number;
  readonly gracePeriod?: number;
}

/** Summaries of 2^row values each, oldest first. */
interface Row {
  totals: number[];
  variances: number[];
}

/**
 * ADWIN (Bifet and Gavalda 2007): a window that grows while the mean holds and drops its oldest part when it does not.
 * Memory grows with the logarithm of the window (5 summaries a doubling). After a detection the next value starts anew.
 * Same arithmetic, in the same order, as river's `ADWIN`.
 */
export class Adwin implements Detector {
  readonly #delta: number;
  readonly #clock: number;
  readonly #maxBuckets: number;
  readonly #minLength: number;
  readonly #grace: number;
  #rows: Row[] = [{ totals: [], variances: [] }];
  #width = 0;
  #total = 0;
  #variance = 0;
  #tick = 0;
  #detected = false;
  #statistic = 0;
  #threshold = Number.POSITIVE_INFINITY;

  constructor(options: AdwinOptions = {}) {
    this.#delta = options.delta ?? 0.002;
    this.#clock = options.clock ?? 32;
    this.#maxBuckets = options.maxBuckets ?? 5;
    this.#minLength = options.minWindowLength ?? 5;
    this.#grace = options.gracePeriod ?? 10;
  }

  /** Values in the window, and their mean. */
  get width(): number {
    return this.#width;
  }
  get estimation(): number {
    return this.#width === 0 ? 0 : this.#total / this.#width;
  }
  /** Of the cut that was nearest to a detection when last looked: difference of the means, and its limit. */
  get statistic(): number {
    return this.#statistic;
  }
  get threshold(): number {
    return this.#threshold;
  }

  reset(): void {
    this.#rows = [{ totals: [], variances: [] }];
    this.#width = 0;
    this.#total = 0;
    this.#variance = 0;
    this.#tick = 0;
    this.#detected = false;
    this.#statistic = 0;
    this.#threshold = Number.POSITIVE_INFINITY;
  }

  update(value: number): boolean {
    if (this.#detected) this.reset();
    this.#insert(value);
    this.#tick++;
    if (this.#tick % this.#clock === 0 && this.#width > this.#grace) {
      this.#statistic = 0;
      this.#threshold = Number.POSITIVE_INFINITY;
      while (this.#findCut()) this.#detected = true;
    }
    return this.#detected;
  }

  #insert(value: number): void {
    this.#rows[0].totals.push(value);
    this.#rows[0].variances.push(0);
    this.#width += 1;
    if (this.#width > 1) {
      const difference = value - this.#total / (this.#width - 1);
      this.#variance += ((this.#width - 1) * difference * difference) / this.#width;
    }
    this.#total += value;
    this.#compress();
  }

  /** Merges the two oldest summaries of a full row into the next row. */
  #compress(): void {
    for (let row = 0; this.#rows[row].totals.length === this.#maxBuckets + 1; row++) {
      const { totals, variances } = this.#rows[row];
      const n = 2 ** row;
      const between = totals[0] / n - totals[1] / n;
      const merged = variances[0] + variances[1] + n * 0.5 * between * between;
      if (row + 1 === this.#rows.length) this.#rows.push({ totals: [], variances: [] });
      this.#rows[row + 1].totals.push(totals[0] + totals[1]);
      this.#rows[row + 1].variances.push(merged);
      totals.splice(0, 2);
      variances.splice(0, 2);
    }
  }

  /** Looks for a place where old and new differ; drops the oldest summary and says true if there is one. */
  #findCut(): boolean {
    let n0 = 0;
    let n1 = this.#width;
    let u0 = 0;
    let u1 = this.#total;
    for (let row = this.#rows.length - 1; row >= 0; row--) {
      const { totals } = this.#rows[row];
      for (let k = 0; k < totals.length; k++) {
        n0 += 2 ** row;
        n1 -= 2 ** row;
        u0 += totals[k];
        u1 -= totals[k];
        if (row === 0 && k === totals.length - 1) return false;
        if (n1 >= this.#minLength && n0 >= this.#minLength && this.#differ(n0, n1, u0 / n0 - u1 / n1)) {
          this.#dropOldest();
          return true;
        }
      }
    }
    return false;
  }

  #differ(n0: number, n1: number, difference: number): boolean {
    const logTerm = Math.log((2 * Math.log(this.#width)) / this.#delta);
    const harmonic = 1 / (n0 - this.#minLength + 1) + 1 / (n1 - this.#minLength + 1);
    const limit =
      Math.sqrt(2 * harmonic * (this.#variance / this.#width) * logTerm) + (2 / 3) * logTerm * harmonic;
    const found = Math.abs(difference);
    if (found * this.#threshold > this.#statistic * limit || this.#threshold === Number.POSITIVE_INFINITY) {
      this.#statistic = found;
      this.#threshold = limit;
    }
    return found > limit;
  }

  #dropOldest(): void {
    const last = this.#rows[this.#rows.length - 1];
    const n = 2 ** (this.#rows.length - 1);
    const total = last.totals.shift()!;
    const variance = last.variances.shift()!;
    this.#width -= n;
    this.#total -= total;
    const apart = total / n - this.#total / this.#width;
    this.#variance -= variance + (n * this.#width * apart * apart) / (n + this.#width);
    if (last.totals.length === 0) this.#rows.pop();
  }
}
