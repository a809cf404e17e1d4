import { Grid } from './grid.ts';
import type { Step } from './sample.ts';

/** Channels and rates of a `Resampler`. */
export interface ResamplerOptions {
  readonly channels: number;
  readonly outputRateHz: number;
  /** Nominal rate of the input; without it, it is taken from the first samples after each reset. */
  readonly inputRateHz?: number | undefined;
}

/** Samples to take the rate from where none is given; they are kept and lose nothing. */
const learnSamples = 16;

/**
 * Brings samples of any rate, even or jittered, to an even grid that begins at the first sample after a reset.
 *
 * Each sample is added, weighted by the kernel at its true time and by half the interval between its neighbours, to
 * all grid points in reach, and a grid point is given out, divided by the sum of its weights, as soon as no later
 * sample can reach it. So memory depends on the kernel and not on the input rate, and uneven spacing is no bias.
 *
 * - Down (input above 1.02 x output): stop band of at least 60 dB from the new Nyquist frequency on, ripple below
 *   0.1 dB up to 0.64 of it; delay 12 output periods.
 * - Equal or up: a sample on the grid (to 1 % of the output period) is given out as it is, at once where the rates are
 *   equal; grid points between samples are interpolated band-limited, delay 8 input periods. Where samples are uneven
 *   the cubic through four of them is taken instead, and where some are missing a straight line.
 * - Edges are not padded: near the first sample, and after `finish` near the last, the part of the kernel that has
 *   samples is used. A recording that lasts n periods gives n + 1 steps, the outer ones less well filtered.
 * - A hole wider than half the kernel starts the grid anew (`holes` counts); gaps are the caller's to find and reset.
 *
 * Values must be finite. Times must not fall: an older sample is ignored and counted in `late`. Call `next` until it
 * returns undefined after every push. Allocates nothing per sample.
 */
export class Resampler {
  holes = 0;
  late = 0;
  readonly #options: ResamplerOptions;
  readonly #step: Step;
  /** The first samples, where the rate is taken from them. */
  readonly #first: Step[];
  #early = 0;
  #grid: Grid | undefined;

  constructor(options: ResamplerOptions) {
    const { channels, outputRateHz, inputRateHz } = options;
    if (!(outputRateHz > 0)) throw new RangeError(`outputRateHz: found ${outputRateHz}, expected above 0`);
    this.#options = options;
    this.#step = { timeUs: 0, values: new Float64Array(channels) };
    this.#first = Array.from({ length: learnSamples }, () => ({
      timeUs: 0,
      values: new Float64Array(channels),
    }));
    if (inputRateHz !== undefined) this.#grid = new Grid(channels, inputRateHz, outputRateHz);
  }

  /** Microseconds from a step's time to the sample that lets it out; NaN while the rate is not known. */
  get groupDelayUs(): number {
    return this.#grid ? (this.#grid.delay * 1e6) / this.#options.outputRateHz : Number.NaN;
  }

  /** One sample: its time and one value a channel (copied). */
  push(sample: Step): void {
    if (this.#grid) {
      this.#pushTo(this.#grid, sample);
      return;
    }
    if (this.#early > 0 && sample.timeUs < this.#first[this.#early - 1].timeUs) {
      this.late += 1;
      return;
    }
    const kept = this.#first[this.#early];
    kept.timeUs = sample.timeUs;
    kept.values.set(sample.values);
    this.#early += 1;
    if (this.#early === learnSamples) this.#learn();
  }

  /** The next step of the grid, or undefined when it needs more samples. Reused by the next call. */
  next(): Step | undefined {
    return this.#grid?.next(this.#step) ? this.#step : undefined;
  }

  /** The input ends here (a gap, or the end of a recording): `next` gives the steps that are left. Then `reset`. */
  finish(): void {
    if (!this.#grid && this.#early > 0) this.#learn();
    this.#grid?.finish();
  }

  /** Start anew: the grid begins at the next sample. */
  reset(): void {
    this.#early = 0;
    if (this.#options.inputRateHz === undefined) this.#grid = undefined;
    this.#grid?.reset();
  }

  #learn(): void {
    const { channels, outputRateHz } = this.#options;
    const spanUs = this.#first[this.#early - 1].timeUs - this.#first[0].timeUs;
    const inputRateHz = spanUs > 0 ? ((this.#early - 1) * 1e6) / spanUs : outputRateHz;
    this.#grid = new Grid(channels, inputRateHz, outputRateHz);
    for (const sample of this.#first.slice(0, this.#early)) this.#pushTo(this.#grid, sample);
    this.#early = 0;
  }

  #pushTo(grid: Grid, sample: Step): void {
    const verdict = grid.push(sample);
    if (verdict === 'late') this.late += 1;
    else if (verdict === 'hole') this.holes += 1;
  }
}
