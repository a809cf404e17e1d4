import type { Reference } from './reference.ts';
import {
  changesOf,
  findLattice,
  measureFit,
  phaseDistance,
  type Resolution,
  type ResolutionFit,
} from './resolution.ts';
import type { Movement } from './state.ts';

/** Windows in a row that make a fault certain. */
const certain = 3;
/** A channel that holds one value for this share of a window is dead or stuck. */
const stuckShare = 0.95;
/** A rate off by more than this factor stretches the window. */
const rateFactor = 1.25;
/** Changes that a window needs before its lattice says anything, and the fit below which it is another lattice. */
const leastChanges = 8;
const leastFit = 0.6;
const mostPhase = 0.08;
/** Only where the windows hold the readings as they came. */
const sameRate = 0.02;
/** Changes kept for finding out which lattice it is. */
const keptChanges = 400;

/** One window, as the fault finder sees it. */
export interface FaultInput {
  readonly features: ArrayLike<number>;
  /** steps x channels; without it the converter's lattice is not looked at. */
  readonly data?: ArrayLike<number>;
  readonly rateHz: number;
}

/**
 * Finds what no surface can explain and no statistics are needed for: a channel that is stuck or dead, a sample rate
 * that is not the one expected, and numbers that do not lie on the lattice of the sensor that the model was made with.
 * Each must show in three windows in a row. Constant memory.
 */
export class Faults {
  readonly #reference: Reference;
  readonly #channels: readonly string[];
  readonly #stuckAt: readonly number[];
  readonly #modelRateHz: number | undefined;
  readonly #givenRateHz: number | undefined;
  #rateHz: number | undefined;
  readonly #fit: ResolutionFit = { fit: 0, fit2: 0, fit3: 0, phase: 0, changes: 0 };
  readonly #counts = new Map<string, number>();
  readonly #changes = new Map<string, number[]>();
  /** Step of the lattice that is there now; 0 where none was found. Only while another one than the reference's is. */
  readonly #steps = new Map<string, number>();
  /** Where the reference's lattice lay last while its zero was off. */
  readonly #phases = new Map<string, number>();
  #latticeSeen = false;

  constructor(
    reference: Reference,
    featureNames: readonly string[],
    rates: { expectedHz?: number | undefined; modelHz?: number | undefined },
  ) {
    this.#reference = reference;
    this.#channels = featureNames
      .filter((n) => n.endsWith('.stuck'))
      .map((n) => n.slice(0, -'.stuck'.length));
    this.#stuckAt = this.#channels.map((c) => featureNames.indexOf(`${c}.stuck`));
    this.#modelRateHz = rates.modelHz;
    this.#givenRateHz = rates.expectedHz ?? reference.rateHz;
    this.#rateHz = this.#givenRateHz;
  }

  reset(): void {
    this.#rateHz = this.#givenRateHz;
    this.#counts.clear();
    this.#changes.clear();
    this.#steps.clear();
    this.#phases.clear();
    this.#latticeSeen = false;
  }

  /** Gain that the converter's lattice shows, the channels' mean; NaN where none is seen. */
  get latticeGain(): number {
    if (!this.#latticeSeen) return Number.NaN;
    let [sum, count] = [0, 0];
    for (const channel of this.#channels) {
      const lattice = this.#reference.resolution?.[channel];
      if (!lattice) continue;
      const step = this.#steps.get(channel);
      if (step !== undefined && step > 0) sum += Math.log(step / lattice.step);
      count++;
    }
    return count > 0 ? Math.exp(sum / count) : Number.NaN;
  }

  /** Faults that are certain (statistic >= threshold) or on the way there, as of this window. */
  push({ features, data, rateHz }: FaultInput): Movement[] {
    const found: Movement[] = [];
    this.#pushRate(rateHz, found);
    this.#channels.forEach((channel, c) => {
      const share = features[this.#stuckAt[c]];
      const stuck = this.#count(`${channel}.stuck`, share >= stuckShare);
      if (stuck > 0) {
        const reference = this.#reference.inputs[`${channel}.stuck`]?.mean ?? 0;
        found.push(fault(`${channel}.stuck`, 'channel', 'run', stuck, reference, share));
      }
      const lattice = this.#reference.resolution?.[channel];
      if (lattice && data && this.#asTheyCame(rateHz)) this.#pushLattice(channel, c, lattice, data, found);
    });
    return found;
  }

  #pushRate(rateHz: number, found: Movement[]): void {
    if (!(rateHz > 0)) return;
    this.#rateHz ??= rateHz;
    const stretch = Math.exp(Math.abs(Math.log(rateHz / this.#rateHz)));
    const wrong = this.#count('rate', stretch > rateFactor);
    if (wrong > 0) found.push(fault('rate', 'rate', 'ratio', wrong, this.#rateHz, rateHz));
  }

  #asTheyCame(rateHz: number): boolean {
    return this.#modelRateHz === undefined || Math.abs(rateHz / this.#modelRateHz - 1) < sameRate;
  }

  #pushLattice(
    channel: string,
    index: number,
    lattice: Resolution,
    data: ArrayLike<number>,
    found: Movement[],
  ): void {
    const { step, phase } = lattice;
    const fit = measureFit(data, index, this.#channels.length, step, this.#fit);
    if (fit.changes < leastChanges) {
      // A quiet window says nothing either way.
      const going = this.#counts.get(`${channel}.resolution`) ?? 0;
      if (going > 0) found.push(this.#latticeFault(channel, going, step));
      const moved = this.#counts.get(`${channel}.zero`) ?? 0;
      if (moved > 0) found.push(this.#zeroFault(channel, moved, lattice));
      return;
    }
    this.#latticeSeen = true;
    const other = fit.fit < leastFit || Math.max(fit.fit2, fit.fit3) > leastFit;
    const count = this.#count(`${channel}.resolution`, other);
    if (count > 0) {
      const kept = this.#changes.get(channel) ?? [];
      kept.push(...changesOf(data, index, this.#channels.length));
      this.#changes.set(channel, kept.slice(-keptChanges));
      found.push(this.#latticeFault(channel, count, step));
    } else {
      this.#changes.delete(channel);
      this.#steps.delete(channel);
    }
    const moved = this.#count(`${channel}.zero`, !other && phaseDistance(fit.phase, phase) > mostPhase);
    if (moved > 0) {
      this.#phases.set(channel, fit.phase);
      found.push(this.#zeroFault(channel, moved, lattice));
    }
  }

  #zeroFault(channel: string, count: number, { step, phase }: Resolution): Movement {
    const now = this.#phases.get(channel) ?? phase;
    return fault(`${channel}.zero`, 'calibration', 'lattice', count, phase * step, now * step);
  }

  /** The step that is there now is looked for once, when the fault becomes certain. */
  #latticeFault(channel: string, count: number, step: number): Movement {
    const now = this.#steps.get(channel);
    if (count >= certain && now === undefined) {
      const match = findLattice(this.#changes.get(channel) ?? [], step * 0.3, step * 3.2);
      this.#steps.set(channel, match?.step ?? 0);
    }
    if (count < certain) this.#steps.delete(channel);
    return fault(
      `${channel}.resolution`,
      'calibration',
      'lattice',
      count,
      step,
      this.#steps.get(channel) ?? 0,
    );
  }

  #count(what: string, wrong: boolean): number {
    const count = wrong ? (this.#counts.get(what) ?? 0) + 1 : 0;
    this.#counts.set(what, count);
    return count;
  }
}

function fault(
  what: string,
  kind: Movement['kind'],
  detector: string,
  statistic: number,
  reference: number,
  current: number,
): Movement {
  return { what, kind, detector, statistic, threshold: certain, reference, current };
}
