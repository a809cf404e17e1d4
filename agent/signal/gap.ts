import type { Sample } from './sample.ts';

/** What counts as a gap. */
export interface GapOptions {
  /** Longest interval that is no gap; default five periods of the nominal, else of the measured rate. */
  readonly maxGapUs?: number | undefined;
  readonly nominalRateHz?: number | undefined;
  /** The sequence number wraps at 2^bits (default 16). */
  readonly sequenceBits?: number | undefined;
  /** So many samples may be missing from the sequence before it counts as a gap (default 0). */
  readonly toleratedLoss?: number | undefined;
}

const periods = 5;
/** Without a nominal rate: intervals to learn from, and gaps in a row after which it is learnt anew. */
const learnIntervals = 8;

/**
 * Finds the places across which no window may lie: a jump of the sequence number, an interval above `maxGapUs`, or
 * a time that went back. Without a nominal rate the period is a running mean of the intervals that were no gaps.
 * Allocates nothing.
 */
export class GapDetector {
  gaps = 0;
  lostSamples = 0;
  readonly #options: GapOptions;
  readonly #sequenceRange: number;
  #maxGapUs: number;
  #lastUs = Number.NaN;
  #lastSequence = Number.NaN;
  #intervals = 0;
  #meanUs = 0;
  #gapsInARow = 0;

  constructor(options: GapOptions = {}) {
    this.#options = options;
    this.#sequenceRange = 2 ** (options.sequenceBits ?? 16);
    this.#maxGapUs =
      options.maxGapUs ??
      (options.nominalRateHz === undefined ? Number.NaN : (periods * 1e6) / options.nominalRateHz);
  }

  /** Longest interval that is no gap, in microseconds; NaN while the rate is being learnt. */
  get maxGapUs(): number {
    return this.#maxGapUs;
  }

  /** True: a gap lies before this sample. Its `sequence` is NaN where the device sends none. */
  push(sample: Pick<Sample, 'timeUs' | 'sequence'>): boolean {
    const intervalUs = sample.timeUs - this.#lastUs;
    this.#lastUs = sample.timeUs;
    const lost = this.#lost(sample);
    const late = intervalUs < 0 || intervalUs > this.#maxGapUs;
    if (this.#options.maxGapUs === undefined && this.#options.nominalRateHz === undefined) {
      this.#learn(intervalUs, late);
    }
    const gap = late || lost > (this.#options.toleratedLoss ?? 0);
    if (gap) this.gaps += 1;
    return gap;
  }

  /** Forget the last sample (after a reset of the device): the next one has no gap before it. */
  reset(): void {
    this.#lastUs = Number.NaN;
    this.#lastSequence = Number.NaN;
  }

  #lost(sample: Pick<Sample, 'sequence'>): number {
    const step = sample.sequence - this.#lastSequence;
    this.#lastSequence = sample.sequence;
    if (Number.isNaN(step)) return 0;
    const lost = (step - 1 + this.#sequenceRange) % this.#sequenceRange;
    this.lostSamples += lost;
    return lost;
  }

  #learn(intervalUs: number, late: boolean): void {
    if (Number.isNaN(intervalUs) || intervalUs < 0) return;
    this.#gapsInARow = late ? this.#gapsInARow + 1 : 0;
    if (this.#gapsInARow >= learnIntervals) {
      this.#intervals = 0;
      this.#meanUs = 0;
      this.#maxGapUs = Number.NaN;
      this.#gapsInARow = 0;
    } else if (!late) {
      this.#intervals = Math.min(this.#intervals + 1, 32 * learnIntervals);
      this.#meanUs += (intervalUs - this.#meanUs) / this.#intervals;
      if (this.#intervals >= learnIntervals) this.#maxGapUs = periods * this.#meanUs;
    }
  }
}
