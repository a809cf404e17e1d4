import type { PipelineWatcher } from '../pipeline.ts';
import { RateMeter } from '../signal/rate.ts';
import { createSample, type Reading } from '../signal/sample.ts';
import type { ChannelSnapshot } from './record-types.ts';

const binUs = 100_000;
const bins = 240;
const rateWindowUs = 3e6;

/** How a channel's raw numbers are shown. */
export interface TracedChannel {
  readonly name: string;
  readonly unit: string;
  readonly offset: number;
  readonly gain: number;
}

/** Rate and recent values of each channel, for a terminal: means over tenths of a second. Bounded. */
export class Traces implements PipelineWatcher {
  readonly #channels: readonly TracedChannel[];
  readonly #rate = new RateMeter(rateWindowUs);
  readonly #sample = createSample(0);
  readonly #history: number[][];
  readonly #sums: Float64Array;
  readonly #last: Float64Array;
  #count = 0;
  #binEndUs = Number.NaN;

  constructor(channels: readonly TracedChannel[]) {
    this.#channels = channels;
    this.#history = channels.map(() => []);
    this.#sums = new Float64Array(channels.length);
    this.#last = new Float64Array(channels.length).fill(Number.NaN);
  }

  onReading(reading: Reading, arrivalUs: number): void {
    this.#sample.timeUs = arrivalUs;
    this.#rate.push(this.#sample);
    if (!(arrivalUs < this.#binEndUs)) this.#endBin(arrivalUs);
    this.#count += 1;
    for (const [c, { offset, gain }] of this.#channels.entries()) {
      this.#last[c] = (reading.values[c] - offset) * gain;
      this.#sums[c] += this.#last[c];
    }
  }

  rateHz(nowUs: number): number {
    return this.#rate.rateHz(nowUs);
  }

  get snapshots(): ChannelSnapshot[] {
    return this.#channels.map(({ name, unit }, c) => ({
      name,
      unit,
      last: this.#last[c],
      history: this.#history[c],
    }));
  }

  #endBin(arrivalUs: number): void {
    if (this.#count > 0) {
      for (const [c, history] of this.#history.entries()) {
        history.push(this.#sums[c] / this.#count);
        if (history.length > bins) history.shift();
      }
    }
    this.#sums.fill(0);
    this.#count = 0;
    this.#binEndUs = arrivalUs + binUs;
  }
}
