import { solveSymmetric } from './solve.ts';

/**
 * How many times too large the current is, guessed from one window. Every feature that has the channel's unit grows with
 * the gain, the others (spectrum, runs, how channels go together) do not; what goes with what tells the two apart. The
 * guess is a quadratic function of the features' logarithms, fitted on known windows multiplied by known gains. For one
 * window it is rough; over several surfaces its mean says what no single surface can.
 */
export interface GainModel {
  /** Of each feature (its logarithm, where it has a unit), before squares are made. */
  mean: number[];
  scale: number[];
  /** Constant, then one a feature, then one a pair of features i <= j, row by row. */
  weights: number[];
}

/** Features that are looked at, and those of them in the channel's unit. */
const used = /\.(mean|std|change|centroid|correlation|asymmetry)$/;
const withUnit = /\.(mean|std|change)$/;
/** Gains that are tried when fitting. */
const gains = [0.5, 0.67, 0.8, 1, 1, 1, 1.25, 1.5, 2];
/** Ridge penalty, as a share of the windows' weight: recordings are few, coefficients many. */
const penalty = 0.02;
/** Standardised features count no further out than this. */
const clip = 4;
/** Fewer windows than this fit anything. */
const leastWindows = 100;
/** Added to amperes before the logarithm: a motor that draws nearly nothing is not infinitely far from one that draws nothing. */
const offset = 0.2;

/** Guesses the gain of windows. Allocates nothing after construction. */
export class GainEstimator {
  readonly #model: GainModel;
  readonly #features: readonly Feature[];
  readonly #z: Float64Array;

  constructor(model: GainModel, featureNames: readonly string[]) {
    this.#model = model;
    this.#features = featuresOf(featureNames);
    this.#z = new Float64Array(this.#features.length);
  }

  /** `features`: one number a feature name. 1 is the gain that the model knows. */
  of(features: ArrayLike<number>): number {
    const { mean, scale, weights } = this.#model;
    const z = this.#z;
    for (let f = 0; f < z.length; f++)
      z[f] = standard(described(this.#features[f], features, 1), mean[f], scale[f]);
    let sum = weights[0];
    let at = 1;
    for (let f = 0; f < z.length; f++) sum += weights[at++] * z[f];
    for (let i = 0; i < z.length; i++) for (let j = i; j < z.length; j++) sum += weights[at++] * z[i] * z[j];
    return Math.exp(Math.max(-2, Math.min(2, sum)));
  }
}

/** Fits the guess to windows of gain 1; undefined where there are too few to fit it. */
export function fitGain(
  featureNames: readonly string[],
  windows: readonly { readonly features: ArrayLike<number>; readonly weight?: number }[],
): GainModel | undefined {
  const used = featuresOf(featureNames);
  const width = used.length;
  if (windows.length < leastWindows || !used.some((f) => f.hasUnit)) return undefined;
  const rows: { x: Float64Array; y: number; weight: number }[] = [];
  for (const { features, weight = 1 } of windows) {
    for (const gain of gains) {
      const x = Float64Array.from(used, (feature) => described(feature, features, gain));
      rows.push({ x, y: Math.log(gain), weight });
    }
  }
  const total = rows.reduce((sum, r) => sum + r.weight, 0);
  const mean = Array.from(
    { length: width },
    (_, f) => rows.reduce((s, r) => s + r.weight * r.x[f], 0) / total,
  );
  const scale = mean.map((m, f) =>
    Math.sqrt(rows.reduce((s, r) => s + r.weight * (r.x[f] - m) ** 2, 0) / total + 1e-6),
  );
  const size = 1 + width + (width * (width + 1)) / 2;
  const normal = Array.from({ length: size }, () => new Float64Array(size));
  const right = new Float64Array(size);
  const terms = new Float64Array(size);
  for (const { x, y, weight } of rows) {
    const z = x.map((v, f) => standard(v, mean[f], scale[f]));
    let at = 0;
    terms[at++] = 1;
    for (const v of z) terms[at++] = v;
    for (let i = 0; i < width; i++) for (let j = i; j < width; j++) terms[at++] = z[i] * z[j];
    for (let i = 0; i < size; i++) {
      const own = (weight / total) * terms[i];
      right[i] += own * y;
      const row = normal[i];
      for (let j = 0; j <= i; j++) row[j] += own * terms[j];
    }
  }
  for (let i = 1; i < size; i++) normal[i][i] += penalty;
  const weights = [...solveSymmetric(normal, right)].map(round);
  return { mean: mean.map(round), scale: scale.map(round), weights };
}

interface Feature {
  readonly index: number;
  readonly hasUnit: boolean;
}

function featuresOf(names: readonly string[]): Feature[] {
  return names.flatMap((name, index) => (used.test(name) ? [{ index, hasUnit: withUnit.test(name) }] : []));
}

function described({ index, hasUnit }: Feature, features: ArrayLike<number>, gain: number): number {
  return hasUnit ? Math.log(offset + Math.max(0, gain * features[index])) : features[index];
}

function standard(value: number, mean: number, scale: number): number {
  return Math.max(-clip, Math.min(clip, (value - mean) / scale));
}

function round(x: number): number {
  return Number(x.toPrecision(6));
}
