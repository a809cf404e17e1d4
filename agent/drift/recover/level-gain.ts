import { Gaussian, solve } from './gaussian.ts';
import { levelStatistics } from './levels.ts';
import type { LevelModel } from './surface-levels.ts';

/** Gains that make a drive's levels most likely on a known surface. */
export interface LevelGain {
  /** By channel: natural logarithm of the gain, and its standard deviation from the surface's recordings alone. */
  readonly logGain: number[];
  readonly deviation: number[];
  /** The same, drawn towards a gain of 1 by what is likely before anything was measured. */
  readonly shrunk: number[];
  /** Squared distance from the surface, a number of the levels, once the gains are taken out: below 1 is usual. */
  readonly misfit: number;
}

const perChannel = levelStatistics.length;
/** Before measuring: a gain is within a factor of 2 of 1 in two cases of three, and motors age together. */
const priorDeviation = 0.7;
const priorCorrelation = 0.8;

/** The most likely gain of each channel, by generalised least squares in the logarithms. */
export function levelGain(levels: ArrayLike<number>, surface: LevelModel): LevelGain {
  const gaussian = new Gaussian(surface.mean, surface.covariance);
  const channels = gaussian.size / perChannel;
  const moved = Float64Array.from(surface.mean, (mean, i) => levels[i] - mean);
  const white = gaussian.whiten(moved, new Float64Array(gaussian.size));
  const effects = Array.from({ length: channels }, (_, c) => {
    const one = Float64Array.from(moved, (_v, i) => (Math.floor(i / perChannel) === c ? 1 : 0));
    return gaussian.whiten(one, new Float64Array(gaussian.size));
  });
  const precision = effects.map((a) => effects.map((b) => dot(a, b)));
  const evidence = effects.map((a) => dot(a, white));
  const free = solve(precision, evidence);
  const prior = inversePrior(channels);
  const shrunk = solve(
    precision.map((row, i) => row.map((p, j) => p + prior[i][j])),
    evidence,
  );
  return {
    logGain: free.x,
    deviation: free.variance.map(Math.sqrt),
    shrunk: shrunk.x,
    misfit: misfitAt(levels, surface, free.x),
  };
}

/** How far a drive is from a surface, squared and a number of the levels, once these gains are taken out. */
export function misfitAt(levels: ArrayLike<number>, surface: LevelModel, logGain: readonly number[]): number {
  const gaussian = new Gaussian(surface.mean, surface.covariance);
  const rest = Float64Array.from(surface.mean, (_, i) => levels[i] - logGain[Math.floor(i / perChannel)]);
  return gaussian.distance(rest) / gaussian.size;
}

/** Inverse of the covariance s^2 ((1 - r) I + r 1 1'). */
function inversePrior(channels: number): number[][] {
  const [variance, r] = [priorDeviation ** 2, priorCorrelation];
  const shared = r / (1 - r + channels * r);
  return Array.from({ length: channels }, (_, i) =>
    Array.from({ length: channels }, (__, j) => ((i === j ? 1 : 0) - shared) / (variance * (1 - r))),
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
