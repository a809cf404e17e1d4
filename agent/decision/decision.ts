import { Hysteresis, type HysteresisOptions } from './hysteresis.ts';
import { Smoother } from './smoother.ts';

/** What stands for a surface that is none of the model's. */
export const UNKNOWN = 'unknown';

/** Limits beyond which a window is `unknown`; one that is left out is not looked at. From the card's `decision`. */
export interface UnknownThresholds {
  /** Smoothed confidence below this. */
  readonly minConfidence?: number;
  /** Difference of the two most likely labels (this window alone) below this. */
  readonly minMargin?: number;
  /** Entropy (nats, this window alone) above this. */
  readonly maxEntropy?: number;
  /** Distance to the known windows in feature space above this. */
  readonly maxDistance?: number;
}

export interface DecisionOptions extends UnknownThresholds {
  readonly labels: readonly string[];
  /** Chance that the surface stays the same from one window to the next. */
  readonly stay?: number;
  readonly transitions?: readonly (readonly number[])[];
  /** Share of a window that is new evidence (see SmootherOptions). */
  readonly evidence?: number;
  readonly hysteresis?: HysteresisOptions;
}

/** Raw and smoothed, side by side; owned by whoever gets it. */
export interface Verdict {
  /** Of this window alone: most likely label, its probability, lead over the second, entropy in nats. */
  readonly label: string;
  readonly labelIndex: number;
  readonly confidence: number;
  readonly margin: number;
  readonly entropyNats: number;
  /** With the windows before it. */
  readonly smoothedLabel: string;
  readonly smoothedLabelIndex: number;
  readonly smoothedConfidence: number;
  readonly smoothedProbabilities: Float32Array;
  /** True when the window fits no label well enough. */
  readonly unknown: boolean;
  /** Which thresholds said so: `confidence`, `margin`, `entropy`, `distance`. */
  readonly unknownBecause: readonly string[];
  /** The surface to act on: changes only when it has been sure for a while; `unknown` is one. */
  readonly surface: string;
  readonly surfaceChanged: boolean;
}

/** Probabilities -> surface: smoothing, unknown, hysteresis. */
export class Decision {
  readonly #options: DecisionOptions;
  readonly #smoother: Smoother;
  readonly #hysteresis: Hysteresis;

  constructor(options: DecisionOptions) {
    this.#options = options;
    this.#smoother = new Smoother({ ...options, labels: options.labels.length });
    this.#hysteresis = new Hysteresis(options.hysteresis);
  }

  /** Forgets the windows so far; the surface stays until the next window. */
  reset(): void {
    this.#smoother.reset();
    this.#hysteresis.reset();
  }

  /**
   * `probabilities`: one a label, after scaling, summing to 1. `afterGap`: this window does not continue the last.
   * `distance`: of the window to the known ones, in the units of `maxDistance`.
   */
  push(probabilities: Float32Array, afterGap: boolean, distance?: number): Verdict {
    const { labels } = this.#options;
    if (probabilities.length !== labels.length)
      throw new RangeError(`probabilities: found ${probabilities.length}, expected ${labels.length}`);
    if (afterGap) this.reset();
    const raw = top(probabilities);
    const smoothedProbabilities = Float32Array.from(this.#smoother.push(probabilities));
    const smoothed = top(smoothedProbabilities);
    const margin = raw.probability - raw.second;
    const entropyNats = entropy(probabilities);
    const unknownBecause = this.#why(smoothed.probability, margin, entropyNats, distance);
    const unknown = unknownBecause.length > 0;
    const smoothedLabel = labels[smoothed.index];
    const surfaceChanged = this.#hysteresis.push(
      unknown ? UNKNOWN : smoothedLabel,
      unknown ? 1 : smoothed.probability,
    );
    return {
      label: labels[raw.index],
      labelIndex: raw.index,
      confidence: raw.probability,
      margin,
      entropyNats,
      smoothedLabel,
      smoothedLabelIndex: smoothed.index,
      smoothedConfidence: smoothed.probability,
      smoothedProbabilities,
      unknown,
      unknownBecause,
      surface: this.#hysteresis.current ?? smoothedLabel,
      surfaceChanged,
    };
  }

  #why(smoothed: number, margin: number, entropyNats: number, distance: number | undefined): string[] {
    const limits = this.#options;
    const because: string[] = [];
    if (smoothed < (limits.minConfidence ?? 0)) because.push('confidence');
    if (margin < (limits.minMargin ?? 0)) because.push('margin');
    if (entropyNats > (limits.maxEntropy ?? Number.POSITIVE_INFINITY)) because.push('entropy');
    if (distance !== undefined && distance > (limits.maxDistance ?? Number.POSITIVE_INFINITY))
      because.push('distance');
    return because;
  }
}

function top(p: Float32Array): { index: number; probability: number; second: number } {
  let index = 0;
  let second = Number.NEGATIVE_INFINITY;
  for (let k = 1; k < p.length; k++) {
    if (p[k] > p[index]) {
      second = p[index];
      index = k;
    } else if (p[k] > second) second = p[k];
  }
  return { index, probability: p[index], second };
}

/** Shannon entropy in nats: 0 when sure, log(labels) when clueless. */
export function entropy(p: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < p.length; k++) if (p[k] > 0) sum -= p[k] * Math.log(p[k]);
  return sum;
}
