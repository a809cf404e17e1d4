import type { AccuracyModel } from './accuracy.ts';
import type { GainModel } from './gain.ts';
import type { SurfaceLevels } from './recover/surface-levels.ts';
import type { Resolution } from './resolution.ts';

/** Middle and spread of one number over windows, as the card keeps it. */
export interface Statistic {
  mean: number;
  std: number;
  /** At `quantileLevels`, ascending. */
  quantiles: number[];
}

export const quantileLevels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

/** What the model's numbers look like while it can be trusted: the card's `reference`. */
export interface Reference {
  confidence: Statistic;
  /** By predicted label. */
  confidenceByLabel: Record<string, Statistic>;
  /** By name of the statistic (see features.ts), over all windows. */
  inputs: Record<string, Statistic>;
  /** By predicted label, then by name. */
  inputsByLabel: Record<string, Record<string, Statistic>>;
  /** By predicted label: how many recordings its statistics come from, where windows were weighted so. */
  recordingsByLabel?: Record<string, number>;
  /** Distance of the windows to the labels (see distance.ts). */
  distance?: Statistic;
  /** Guess of the gain of a window (see gain.ts), and what it gives for the reference's own windows. */
  gainModel?: GainModel;
  gain?: Statistic;
  /** By channel: lattice of the sensor's converter (see resolution.ts). */
  resolution?: Record<string, Resolution>;
  /** Chance to be right, from signs of the input (see accuracy.ts). */
  accuracy?: AccuracyModel;
  /** Rate of the readings in the recordings behind all this. */
  rateHz?: number;
  /** By stream and detector: how much evidence stable drives gave at most (see limits.ts). */
  limits?: Record<string, Record<string, number>>;
  /** By true label: how high the current lies (see recover/levels.ts). */
  surfaces?: Record<string, SurfaceLevels>;
}
