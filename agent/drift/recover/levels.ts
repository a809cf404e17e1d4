/** Mean and covariance of the levels of drives on one surface, channel by channel. */
export interface LevelModel {
  mean: number[];
  covariance: number[][];
}

/**
 * Numbers of one channel that grow with its gain, as natural logarithms: a gain of g adds ln g to each of them, so what
 * a recording lies above its surface's usual level is one number for all. Upper quantiles, because they are what the
 * load of a surface fixes best: a motor that coasts draws the same on every surface.
 */
export const levelStatistics = ['mean', 'std', 'change', 'q50', 'q75', 'q90', 'q95', 'q98'] as const;

const quantiles = [0.5, 0.75, 0.9, 0.95, 0.98] as const;
/** Added to every number before the logarithm, as a share of the largest quantile: a median of 0 stays finite. */
const floorShare = 0.02;
/** Below this share of the largest quantile a reading counts as idle. */
const idleShare = 0.15;

/**
 * Fills `out` (one number a statistic, from `at` on) from `values`, the readings of one channel in order. Polarity does
 * not count. Returns the share of idle readings, which no gain changes.
 */
export function levelsOf(values: ArrayLike<number>, out: Float64Array, at = 0): number {
  const n = values.length;
  const sorted = new Float64Array(n);
  let sum = 0;
  let change = 0;
  for (let i = 0; i < n; i++) {
    sorted[i] = Math.abs(values[i]);
    sum += sorted[i];
    if (i > 0) change += Math.abs(values[i] - values[i - 1]);
  }
  sorted.sort();
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (sorted[i] - mean) ** 2;
  const largest = quantileOf(sorted, quantiles[quantiles.length - 1]);
  const floor = floorShare * largest + Number.MIN_VALUE;
  const log = (value: number) => Math.log(value + floor);
  out[at] = log(mean);
  out[at + 1] = log(Math.sqrt(squares / n));
  out[at + 2] = log(change / Math.max(1, n - 1));
  quantiles.forEach((q, i) => {
    out[at + 3 + i] = log(quantileOf(sorted, q));
  });
  let idle = 0;
  while (idle < n && sorted[idle] < idleShare * largest) idle++;
  return idle / n;
}

/** The levels of all channels, channel by channel, of steps x channels (row-major) values. */
export function levelsOfAll(data: ArrayLike<number>, channels: number): Float64Array {
  const out = new Float64Array(channels * levelStatistics.length);
  const steps = data.length / channels;
  const own = new Float64Array(steps);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < steps; i++) own[i] = data[i * channels + c];
    levelsOf(own, out, c * levelStatistics.length);
  }
  return out;
}

function quantileOf(ascending: Float64Array, q: number): number {
  const at = q * (ascending.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, ascending.length - 1);
  return ascending[low] + (at - low) * (ascending[high] - ascending[low]);
}
