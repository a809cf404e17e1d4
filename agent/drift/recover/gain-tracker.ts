import type { Reference } from '../reference.ts';
import { type LatticeMemory, LatticeTracker } from './lattice-tracker.ts';
import { levelsOfAll } from './levels.ts';
import {
  candidateNear,
  candidates,
  type GainEvidence,
  reach,
  SurfaceEvidence,
  type SurfaceMemory,
} from './surface-evidence.ts';

/** What the tracker corrects now: published with the drift state. */
export interface TrackedGain {
  /** By channel: what the readings are divided by; 1 is no correction. */
  readonly gain: readonly number[];
  /** Of that, what the step of the sensor's converter says, by channel. */
  readonly byLattice: readonly number[];
  /** And what the level over several surfaces says, the same for all channels. */
  readonly byLevels: number;
  /** How much more likely the level's gain is than none, in nats. */
  readonly evidenceNats: number;
  readonly windows: number;
  /** Times that a lattice changed its step. */
  readonly changes: number;
}

/** All that a tracker has learnt: one that gets it corrects the windows that follow the very same. Goes through JSON unchanged. */
export interface GainMemory {
  /** By channel; null where the reference knows no lattice. */
  readonly lattices: readonly (LatticeMemory | null)[];
  /** Null where the reference knows no levels. */
  readonly surfaces: readonly SurfaceMemory[] | null;
  readonly evidence: GainEvidence;
  /** Natural logarithm of the gain that is corrected for by level. */
  readonly byLevels: number;
  readonly believed: boolean;
  readonly windows: number;
  readonly changes: number;
}

export interface GainTrackerOptions {
  readonly channels: readonly string[];
  readonly steps: number;
  readonly stride: number;
  /** Rate of the model's windows: a lattice shows only where readings come at it. */
  readonly rateHz: number;
}

/** Largest change of the level's gain from one window to the next: 2 %. */
const slow = 0.02;
/** Nats from which on the level's gain is believed, and below which it is given up. */
const believe = 6;
const giveUp = 3;
/** A lattice that was seen within so many windows is the better witness: the level then has no say. */
const recently = 100;
const sameRate = 0.02;

/**
 * Follows the gain of a robot's current through its own history and takes it out of the windows before the model sees
 * them. Two sources: the lattice of each channel's converter, which shows a changed sensor or calibration to the percent
 * within three windows of a start, or one length of a window later within a drive. Where there is no lattice, the level over all surfaces of the card: rough, slow, and believed only
 * when it is clear. A heavier load on a robot whose lattice stays is not followed: that is drift, and a person's to judge.
 * Bounded to a factor of 2 by level (3.2 by lattice), reversible (it follows back), and off unless asked for.
 */
export class GainTracker {
  readonly #options: GainTrackerOptions;
  readonly #lattices: (LatticeTracker | undefined)[];
  readonly #levels: SurfaceEvidence | undefined;
  #evidence: GainEvidence = { logGain: 0, nats: 0 };
  #byLevels = 0;
  #believed = false;
  #windows = 0;
  #changes = 0;

  constructor({ resolution, surfaces }: Reference, options: GainTrackerOptions) {
    const { channels, steps, stride } = options;
    this.#options = options;
    this.#lattices = channels.map((name, c) => {
      const reference = resolution?.[name];
      return reference && new LatticeTracker(reference, c, channels.length, Math.ceil(steps / stride));
    });
    this.#levels = surfaces && new SurfaceEvidence(surfaces, Math.min(1, stride / steps));
  }

  get state(): TrackedGain {
    const byLattice = this.#lattices.map((l) => l?.gain ?? 1);
    const byLevels = Math.exp(this.#byLevels);
    return {
      gain: byLattice.map((g) => g * byLevels),
      byLattice,
      byLevels,
      evidenceNats: this.#evidence.nats,
      windows: this.#windows,
      changes: this.#changes,
    };
  }

  /**
   * Learns from a window (steps x channels, in the card's unit) and gives it back without the gain; the same memory
   * where there is none. `rateHz`: at which its readings came.
   */
  correct(data: Float32Array, rateHz: number): Float32Array {
    this.#windows++;
    if (Math.abs(rateHz / this.#options.rateHz - 1) < sameRate) this.#followLattices(data);
    if (this.#lattices.some((l) => l !== undefined && l.unseen < recently)) this.#forgetLevels();
    else this.#followLevels(this.#divided(data, 0));
    return this.#divided(data, this.#byLevels);
  }

  memory(): GainMemory {
    return {
      lattices: this.#lattices.map((l) => l?.memory() ?? null),
      surfaces: this.#levels?.memory() ?? null,
      evidence: this.#evidence,
      byLevels: this.#byLevels,
      believed: this.#believed,
      windows: this.#windows,
      changes: this.#changes,
    };
  }

  /** Whether `restore` can take this: it was learnt against a reference with the same channels and surfaces. */
  fits({ lattices, surfaces }: GainMemory): boolean {
    const own = this.memory();
    return (
      lattices.length === own.lattices.length &&
      lattices.every((l, c) => (l === null) === (own.lattices[c] === null)) &&
      surfaces?.length === own.surfaces?.length &&
      (surfaces ?? []).every(({ curve }) => curve.length === candidates.length)
    );
  }

  /** Goes on from what another tracker with the same reference had learnt; `fits` must hold. */
  restore(memory: GainMemory): void {
    this.#lattices.forEach((lattice, c) => {
      lattice?.restore(memory.lattices[c] as LatticeMemory);
    });
    this.#levels?.restore(memory.surfaces as readonly SurfaceMemory[]);
    this.#evidence = memory.evidence;
    this.#byLevels = memory.byLevels;
    this.#believed = memory.believed;
    this.#windows = memory.windows;
    this.#changes = memory.changes;
  }

  /** Begins anew without a correction: another calibration, another model. */
  reset(): void {
    for (const lattice of this.#lattices) lattice?.reset();
    this.#forgetLevels();
    this.#byLevels = 0;
    this.#windows = 0;
  }

  #followLattices(data: Float32Array): void {
    for (const lattice of this.#lattices) {
      if (lattice?.push(data)) this.#changes++;
    }
  }

  #forgetLevels(): void {
    this.#levels?.reset();
    this.#evidence = { logGain: 0, nats: 0 };
    this.#believed = false;
    this.#approach(0);
  }

  #followLevels(data: Float32Array): void {
    if (this.#levels === undefined) return;
    const { channels } = this.#options;
    this.#levels.push(levelsOfAll(data, channels.length), candidateNear(this.#byLevels));
    this.#evidence = this.#levels.evidence;
    this.#believed = this.#evidence.nats > (this.#believed ? giveUp : believe);
    this.#approach(this.#believed ? this.#evidence.logGain : 0);
  }

  #approach(target: number): void {
    const step = Math.max(-slow, Math.min(slow, target - this.#byLevels));
    this.#byLevels = Math.max(-reach, Math.min(reach, this.#byLevels + step));
  }

  #divided(data: Float32Array, byLevels: number): Float32Array {
    const factors = this.#lattices.map((l) => 1 / ((l?.gain ?? 1) * Math.exp(byLevels)));
    if (factors.every((f) => f === 1)) return data;
    return data.map((v, i) => v * factors[i % factors.length]);
  }
}
