import { Gaussian, solve } from './gaussian.ts';
import type { LevelModel } from './levels.ts';
import { levelStatistics } from './levels.ts';

/** Gains that make a drive's levels most likely on a known surface. */
export interface LevelGain {
  /** By channel: natural logarithm of the gain, and its standard deviation as the surface's covariance has it. */
  readonly logGain: number[];
  readonly deviation: number[];
  /** Squared distance from the surface, a number of the levels, once the gains are taken out: below 1 is usual. */
  readonly misfit: number;
}

const perChannel = levelStatistics.length;

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
  return {
    logGain: free.x,
    deviation: free.variance.map(Math.sqrt),
    misfit: misfitAt(levels, surface, free.x),
  };
}

/** How far a drive is from a surface, squared and a number of the levels, once these gains are taken out. */
export function misfitAt(levels: ArrayLike<number>, surface: LevelModel, logGain: readonly number[]): number {
  const gaussian = new Gaussian(surface.mean, surface.covariance);
  const rest = Float64Array.from(surface.mean, (_, i) => levels[i] - logGain[Math.floor(i / perChannel)]);
  return gaussian.distance(rest) / gaussian.size;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
