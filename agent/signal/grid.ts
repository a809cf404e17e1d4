import { kaiserSinc, transitionWidth } from './kernel.ts';
import { KernelSums, type Weighted } from './kernel-sums.ts';
import { LocalCubic } from './local-cubic.ts';
import type { Step } from './sample.ts';

const downHalfWidth = 12;
const downStopBandDb = 66;
/** Going down, the stop band begins at the new Nyquist frequency, so that nothing folds back above -60 dB. */
const downCutoff = 0.5 - transitionWidth(downHalfWidth, downStopBandDb) / 2;
const downKernel = kaiserSinc(downHalfWidth, downStopBandDb, downCutoff);
/** Going up, the response is halved at the input's Nyquist frequency, and the delay is kept shorter. */
const upKernel = kaiserSinc(8, 62, 0.5);

/** Rates that differ by less are equal: clocks differ, and a filter would cost delay and bandwidth. */
const equalRates = 1.02;
/** Samples that lie so near to the grid (in output periods) are on it: covers time stamps that were rounded. */
const onGrid = 0.01;
/** Bounds the memory where the input is very much slower than the output. */
const maxUpscale = 256;
/** Weights of a fully covered kernel sum to 1, of a one-sided one to 0.5; with less there is nothing to average. */
const minCoverage = 0.25;
/** A grid point between samples that are further apart (in kernel units) is interpolated linearly. */
const widestSpacing = 1.9;

/** How the value of a grid point is found. */
const byKernel = 0;
/** As a sample on it or the line across a hole said, at once. */
const asStored = 1;
/** As the cubic through its neighbours says: the samples in reach are too uneven for a sinc. */
const byCubic = 2;
/** Two intervals in a row that differ by more (share of their mean) are uneven. */
const unevenness = 0.03;

/**
 * The grid points that samples can still reach, as running sums: the inside of `Resampler`, for one pair of rates.
 * Positions are in output periods since the first sample.
 */
export class Grid {
  readonly #channels: number;
  readonly #perUs: number;
  readonly #down: boolean;
  /** Output periods in one unit of the kernel, and in half of its length. */
  readonly #unit: number;
  readonly #reach: number;
  /** Rings by grid point: sums of weight x value and of weight; the value between its neighbours; which to take. */
  readonly #size: number;
  readonly #sums: KernelSums;
  readonly #between: Float64Array;
  readonly #how: Uint8Array;
  /** The newest sample; it is added when its right neighbour has come, and with it its width. */
  readonly #held: Weighted;
  #heldInterval = Number.NaN;
  /** Of the sample that has just come, and from the one before it. */
  #position = Number.NaN;
  #interval = Number.NaN;
  #empty = true;
  readonly #cubic: LocalCubic;
  #startUs = Number.NaN;
  #next = 0;
  #ended = false;
  #direct = false;

  constructor(channels: number, inputRateHz: number, outputRateHz: number) {
    this.#down = inputRateHz > equalRates * outputRateHz;
    const kernel = this.#down ? downKernel : upKernel;
    this.#unit = this.#down ? 1 : Math.min(maxUpscale, Math.max(1, outputRateHz / inputRateHz));
    this.#reach = kernel.halfWidth * this.#unit;
    this.#perUs = outputRateHz / 1e6;
    this.#channels = channels;
    this.#size = Math.ceil(2 * this.#reach + 20 * this.#unit + 8);
    this.#sums = new KernelSums(kernel, this.#unit, channels, this.#size);
    this.#between = new Float64Array(this.#size * channels);
    this.#how = new Uint8Array(this.#size);
    this.#cubic = new LocalCubic(channels);
    this.#held = { at: Number.NaN, area: Number.NaN, values: new Float64Array(channels) };
  }

  /** Output periods from a grid point to the sample that lets it out; 0 while samples lie on the grid. */
  get delay(): number {
    return this.#direct && this.#unit < equalRates ? 0 : this.#reach;
  }

  /** The next sample. Says whether it was too late, or so far behind the last one that the grid began anew. */
  push(sample: Step): 'taken' | 'late' | 'hole' {
    if (this.#empty) this.#startUs = sample.timeUs;
    const position = (sample.timeUs - this.#startUs) * this.#perUs;
    const interval = this.#empty ? 0 : position - this.#held.at;
    // Fields and not arguments: see `Sample`.
    this.#position = position;
    this.#interval = interval;
    if (interval < 0) return 'late';
    if (interval > this.#reach) {
      this.reset();
      this.push(sample);
      return 'hole';
    }
    if (position + this.#reach - this.#next >= this.#size) {
      throw new Error('Resampler: call next() until it returns undefined after every push()');
    }
    if (!this.#empty) {
      this.#add();
      // This sample lets a grid point out, so what it still waits for must be in.
      if (position >= this.#next + this.#reach) this.#sums.flush(this.#next);
      this.#interpolate(sample.values);
    }
    this.#held.values.set(sample.values);
    this.#held.at = position;
    if (!this.#down) this.#interpolateCubic();
    this.#heldInterval = interval;
    this.#empty = false;
    this.#copyOnto(sample.values);
    return 'taken';
  }

  /** No further sample will come: lets out what is left, up to the newest sample. */
  finish(): void {
    if (this.#empty || this.#ended) return;
    this.#interval = 0;
    this.#add();
    this.#sums.flush(this.#next);
    this.#ended = true;
  }

  /** The next grid point that no later sample can change. */
  next(step: Step): boolean {
    const slot = this.#next % this.#size;
    if (!this.#ready(slot)) return false;
    const weight = this.#sums.weights[slot];
    this.#direct = this.#how[slot] === asStored;
    const stored = this.#how[slot] !== byKernel || weight < minCoverage;
    const source = stored ? this.#between : this.#sums.sums;
    const scale = stored ? 1 : 1 / weight;
    const base = slot * this.#channels;
    for (let c = 0; c < this.#channels; c += 1) step.values[c] = source[base + c] * scale;
    this.#sums.clear(slot);
    this.#how[slot] = byKernel;
    step.timeUs = this.#startUs + this.#next / this.#perUs;
    this.#next += 1;
    return true;
  }

  reset(): void {
    this.#sums.reset();
    this.#how.fill(byKernel);
    this.#cubic.reset();
    this.#empty = true;
    this.#heldInterval = 0;
    this.#next = 0;
    this.#ended = false;
    this.#direct = false;
  }

  #ready(slot: number): boolean {
    if (this.#empty) return false;
    if (this.#ended) return this.#next <= this.#held.at + 1e-6;
    return this.#how[slot] === asStored || this.#held.at >= this.#next + this.#reach;
  }

  /** Adds the held sample, for the time half-way to both of its neighbours. */
  #add(): void {
    this.#held.area = (this.#heldInterval + this.#interval) / (2 * this.#unit);
    this.#sums.add(this.#held, this.#next);
    const change = Math.abs(this.#interval - this.#heldInterval);
    const uneven = change > (unevenness * (this.#interval + this.#heldInterval)) / 2;
    if (uneven && !this.#down && this.#heldInterval > 0 && this.#interval > 0) this.#distrustKernel();
  }

  /** The held sample is spaced unevenly: what it can reach is not left to the kernel. */
  #distrustKernel(): void {
    const last = Math.floor(this.#held.at + this.#reach);
    for (let n = Math.max(this.#next, Math.ceil(this.#held.at - this.#reach)); n <= last; n += 1) {
      const slot = n % this.#size;
      if (this.#how[slot] === byKernel) this.#how[slot] = byCubic;
    }
  }

  /** Notes the cubic at the grid points that now have two samples on either side. */
  #interpolateCubic(): void {
    const cubic = this.#cubic;
    cubic.push(this.#held);
    for (let n = Math.max(this.#next, Math.floor(cubic.from) + 1); n <= cubic.to; n += 1) {
      const slot = n % this.#size;
      if (this.#how[slot] !== asStored) cubic.evaluate(n, this.#between, slot * this.#channels);
    }
  }

  /** Notes the straight line between two samples at the grid points between them. */
  #interpolate(values: Float64Array): void {
    const position = this.#position;
    const interval = this.#interval;
    const wide = interval > widestSpacing * this.#unit;
    const held = this.#held;
    const first = Math.max(this.#next, Math.floor(held.at) + 1);
    for (let n = first; n <= position; n += 1) {
      const slot = n % this.#size;
      if (this.#how[slot] === asStored) continue;
      const share = (n - held.at) / interval;
      for (let c = 0; c < this.#channels; c += 1) {
        this.#between[slot * this.#channels + c] = held.values[c] + share * (values[c] - held.values[c]);
      }
      if (wide) this.#how[slot] = asStored;
    }
  }

  /** Gives a grid point the value of a sample that lies on it. */
  #copyOnto(values: Float64Array): void {
    const position = this.#position;
    const n = Math.round(position);
    if (n < this.#next || Math.abs(position - n) > onGrid || (this.#down && n > 0)) return;
    const slot = n % this.#size;
    this.#between.set(values, slot * this.#channels);
    if (!this.#down) this.#how[slot] = asStored;
  }
}
