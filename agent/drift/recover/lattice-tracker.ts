import { changesOf, measureFit, type Resolution, type ResolutionFit } from '../resolution.ts';
import { latticeGain } from './lattice-gain.ts';

/** A window with fewer changes says nothing of the step. */
const fewestChanges = 12;
/** Fit of a window to a lattice from which on it lies on it; and to one of twice or three times the step. */
const onIt = 0.6;
/** Windows in a row that must agree on another step at the beginning of a drive, and how nearly. */
const agreeing = 3;
const nearly = 0.02;
/** A step this near to the reference's is the reference's. */
const unchanged = 0.005;

/** Windows without any lattice after which it is looked for in one of so many. */
const patience = 5;
const rarely = 10;

/** All that a tracker has learnt of one channel; `unseen` is null before a lattice was seen. Goes through JSON unchanged. */
export interface LatticeMemory {
  readonly gain: number;
  readonly unseen: number | null;
  readonly candidate: number;
  readonly count: number;
  readonly failures: number;
  readonly windows: number;
}

/** Follows the step of one channel's converter from window to window. Constant memory. */
export class LatticeTracker {
  /** Step now over the reference's. */
  gain = 1;
  /** Windows with something to see since one lay on this step. */
  unseen = Number.POSITIVE_INFINITY;
  readonly #channel: number;
  readonly #channels: number;
  readonly #reference: Resolution;
  readonly #overlap: number;
  readonly #fit: ResolutionFit = { fit: 0, fit2: 0, fit3: 0, phase: 0, changes: 0 };
  #candidate = 1;
  #count = 0;
  #failures = 0;
  #windows = 0;

  /** `overlap`: windows from one to the next that shares no step with it. */
  constructor(reference: Resolution, channel: number, channels: number, overlap: number) {
    this.#reference = reference;
    this.#overlap = overlap;
    this.#channel = channel;
    this.#channels = channels;
  }

  /** One window, steps x channels, as it came. True when the gain changed. */
  push(data: ArrayLike<number>): boolean {
    this.#windows++;
    const fit = measureFit(data, this.#channel, this.#channels, this.#reference.step * this.gain, this.#fit);
    if (fit.changes < fewestChanges) return false;
    this.unseen++;
    if (fit.fit >= onIt && Math.max(fit.fit2, fit.fit3) < onIt) {
      this.#count = 0;
      this.#failures = 0;
      this.unseen = 0;
      return false;
    }
    // A signal without a lattice has none a window later either: looking costs milliseconds.
    if (this.#failures > patience && this.#failures++ % rarely !== 0) return false;
    const found = this.#search(data);
    if (found === undefined) {
      this.#failures++;
      return false;
    }
    this.#failures = 0;
    this.#count = Math.abs(Math.log(found / this.#candidate)) < nearly ? this.#count + 1 : 1;
    this.#candidate = found;
    // Within a drive, windows that hold both steps agree on what divides both: none of the old one may be left.
    if (this.#count < (this.#windows > this.#overlap ? agreeing + this.#overlap : agreeing)) return false;
    this.#count = 0;
    this.unseen = 0;
    this.gain = Math.abs(found - 1) < unchanged ? 1 : found;
    return true;
  }

  reset(): void {
    this.restore({ gain: 1, unseen: null, candidate: 1, count: 0, failures: 0, windows: 0 });
  }

  memory(): LatticeMemory {
    return {
      gain: this.gain,
      unseen: Number.isFinite(this.unseen) ? this.unseen : null,
      candidate: this.#candidate,
      count: this.#count,
      failures: this.#failures,
      windows: this.#windows,
    };
  }

  restore({ gain, unseen, candidate, count, failures, windows }: LatticeMemory): void {
    this.gain = gain;
    this.unseen = unseen ?? Number.POSITIVE_INFINITY;
    this.#candidate = candidate;
    this.#count = count;
    this.#failures = failures;
    this.#windows = windows;
  }

  /** The gain that this window's lattice shows, if it is the reference's own but for the gain: with its zero in place. */
  #search(data: ArrayLike<number>): number | undefined {
    if (changesOf(data, this.#channel, this.#channels).length < 24) return undefined;
    const own = new Float64Array(data.length / this.#channels);
    for (let i = 0; i < own.length; i++) own[i] = data[i * this.#channels + this.#channel];
    const lattice = latticeGain(own, this.#reference);
    return lattice?.offset === 0 ? lattice.gain : undefined;
  }
}
