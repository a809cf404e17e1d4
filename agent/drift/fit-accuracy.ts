import { type AccuracyModel, AccuracySigns, termsOf } from './accuracy.ts';
import { FeatureDistance, standardDistance } from './distance.ts';
import { GainEstimator } from './gain.ts';
import type { Reference } from './reference.ts';
import { solveSymmetric } from './solve.ts';

/** Held-out windows in order, as they are or disturbed in one way. */
export interface AccuracySet {
  /** What was done to the current; 1 where it is something else or nothing. */
  readonly gain: number;
  /** How much it counts among the sets. */
  readonly weight: number;
  readonly windows: readonly {
    readonly recording: string;
    readonly truth: number;
    readonly probabilities: ArrayLike<number>;
    readonly features: ArrayLike<number>;
  }[];
}

interface Row {
  readonly recording: string;
  readonly set: number;
  readonly terms: Float64Array;
  readonly correct: number;
  readonly weight: number;
}

/** Ridge penalty, in windows. */
const penalty = 2;
const iterations = 12;
/** Parts that recordings are dealt into, to see how far the fit is off where it was not made. */
const parts = 5;
/** How much less a window of a long recording counts: accuracy is a share of windows, but those of one drive go together. */
const longCounts = 0.25;
/** A stretch that the error is measured on. */
const leastWindows = 5;

/**
 * Fits the chance that a window's label is right. Each set goes by as one drive; a changed gain does so twice: with a
 * lattice that shows it, and as a heavier load, which leaves the lattice alone. Undefined where how far it is off cannot be
 * seen: that takes two recordings, and one of `leastWindows` windows.
 */
export function fitAccuracy(
  reference: Reference,
  featureNames: readonly string[],
  labels: readonly string[],
  sets: readonly AccuracySet[],
): AccuracyModel | undefined {
  const rows = sets.flatMap((set, s) => {
    const drives = set.gain === 1 ? [1] : [1, set.gain];
    return drives.flatMap((lattice, d) =>
      rowsOf(reference, featureNames, labels.length, set, lattice, 2 * s + d, drives.length),
    );
  });
  const order = [...new Set(rows.map((r) => r.recording))];
  if (order.length < 2) return undefined;
  const partOf = new Map(order.map((r, i) => [r, i % parts]));
  const errors: number[] = [];
  for (let part = 0; part < parts; part++) {
    const weights = logistic(rows.filter((r) => partOf.get(r.recording) !== part));
    errors.push(
      ...errorsOf(
        rows.filter((r) => partOf.get(r.recording) === part),
        weights,
      ),
    );
  }
  if (errors.length === 0) return undefined;
  const square = errors.reduce((sum, e) => sum + e * e, 0) / errors.length;
  return {
    weights: [...logistic(rows)].map((w) => Number(w.toPrecision(5))),
    spread: Number(Math.sqrt(square).toPrecision(4)),
    run: Math.round(sets[0].windows.length / Math.max(1, order.length)) || 1,
  };
}

function rowsOf(
  reference: Reference,
  featureNames: readonly string[],
  labels: number,
  set: AccuracySet,
  latticeGain: number,
  index: number,
  drives: number,
): Row[] {
  const distance = new FeatureDistance(reference, featureNames);
  const gain = reference.gainModel && new GainEstimator(reference.gainModel, featureNames);
  const signs = new AccuracySigns(labels);
  const count = new Map<string, number>();
  for (const { recording } of set.windows) count.set(recording, (count.get(recording) ?? 0) + 1);
  return set.windows.map(({ recording, truth, probabilities, features }) => {
    let best = 0;
    for (let k = 1; k < labels; k++) if (probabilities[k] > probabilities[best]) best = k;
    const terms = signs.push({
      labelIndex: best,
      confidence: probabilities[best],
      distance: standardDistance(reference, distance.of(features)),
      gain: gain?.of(features) ?? Number.NaN,
      latticeGain,
    });
    return {
      recording,
      set: index,
      terms: terms.slice(),
      correct: best === truth ? 1 : 0,
      weight: set.weight / drives / (count.get(recording) as number) ** longCounts,
    };
  });
}

/** Weighted logistic regression with a small ridge penalty, by Newton's method. */
function logistic(rows: readonly Row[]): Float64Array {
  const size = rows[0]?.terms.length ?? termsOf(0);
  const weights = new Float64Array(size);
  const total = rows.reduce((sum, r) => sum + r.weight, 0);
  for (let i = 0; i < iterations; i++) {
    const gradient = weights.map((w, t) => (t === 0 ? 0 : -penalty * w));
    const curvature = Array.from({ length: size }, (_, t) => {
      const row = new Float64Array(size);
      row[t] = penalty + 1e-9;
      return row;
    });
    for (const { terms, correct, weight } of rows) {
      const own = (weight * rows.length) / total;
      const p = chanceOf(terms, weights);
      for (let a = 0; a < size; a++) {
        if (terms[a] === 0) continue;
        gradient[a] += own * (correct - p) * terms[a];
        for (let b = 0; b <= a; b++) curvature[a][b] += own * p * (1 - p) * terms[a] * terms[b];
      }
    }
    const step = solveSymmetric(curvature, gradient);
    for (let t = 0; t < size; t++) weights[t] += step[t];
  }
  return weights;
}

function chanceOf(terms: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < terms.length; t++) sum += terms[t] * weights[t];
  return 1 / (1 + Math.exp(-sum));
}

/** Estimated minus true accuracy of every recording under every disturbance. */
function errorsOf(rows: readonly Row[], weights: Float64Array): number[] {
  const groups = new Map<string, { sum: number; count: number }>();
  for (const { recording, set, terms, correct } of rows) {
    const key = `${set} ${recording}`;
    const group = groups.get(key) ?? { sum: 0, count: 0 };
    groups.set(key, group);
    group.sum += chanceOf(terms, weights) - correct;
    group.count++;
  }
  return [...groups.values()].filter((g) => g.count >= leastWindows).map((g) => g.sum / g.count);
}
