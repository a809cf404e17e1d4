import { RunningStatistics } from '../signal/calibration-fit.ts';
import type { Reading } from '../signal/sample.ts';

/** Raw numbers of one channel over a time. */
export interface RawChannel {
  readonly name: string;
  readonly whole: RunningStatistics;
  /** The first and the second half, to see whether the current changed meanwhile. */
  readonly halves: readonly [RunningStatistics, RunningStatistics];
}

/** Statistics of the readings of so many seconds, counted from the first one. Constant memory. */
export class RawCollector {
  readonly channels: RawChannel[];
  readonly #seconds: number;
  #startUs = Number.NaN;

  /** `names`: of the channels, in the order of `Reading.values`. */
  constructor(names: readonly string[], seconds: number) {
    this.#seconds = seconds;
    this.channels = names.map((name) => ({
      name,
      whole: new RunningStatistics(),
      halves: [new RunningStatistics(), new RunningStatistics()],
    }));
  }

  /** True once the time is over; that reading is not taken. */
  push(reading: Reading, arrivalUs: number): boolean {
    if (Number.isNaN(this.#startUs)) this.#startUs = arrivalUs;
    const share = (arrivalUs - this.#startUs) / (this.#seconds * 1e6);
    if (share >= 1) return true;
    for (let c = 0; c < this.channels.length; c++) {
      const value = reading.values[c];
      if (!Number.isFinite(value)) continue;
      this.channels[c].whole.push(value);
      this.channels[c].halves[share < 0.5 ? 0 : 1].push(value);
    }
    return false;
  }
}
