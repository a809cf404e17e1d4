import { levelGain } from './level-gain.ts';
import type { LevelModel } from './levels.ts';
import { levelsOfAll } from './levels.ts';

/** What a surface draws, by its true label: the card's `reference.surfaces`. */
export interface SurfaceLevels {
  /** Recordings behind it. */
  recordings: number;
  /**
   * By channel: how far off (root mean square, natural logarithm) a gain is that is told from one of these recordings by
   * the others. Absent where there are too few.
   */
  spread?: number[];
  /** Of whole drives. */
  drive: LevelModel;
  /** Of a single window. */
  window: LevelModel;
}

/** One recording on one surface: steps x channels, row-major, without gaps, at the model's rate. */
export interface Drive {
  readonly recording: string;
  readonly label: string;
  readonly data: ArrayLike<number>;
}

export interface SurfaceShape {
  readonly channels: number;
  /** Steps of a window and from one to the next. */
  readonly steps: number;
  readonly stride: number;
}

/** With fewer recordings than about this, what a surface's levels vary by is taken from all surfaces too. */
const fewRecordings = 2;
const fewestForSpread = 3;
/** Share of the variances that is added to them: the directions in which few recordings happen to agree are luck. */
const ridge = 0.3;
const leastDeviation = 0.05;

/**
 * The levels of every surface, each of its recordings counting the same. `drives` of one recording that are apart (a gap
 * between them) have the same `recording`. Drives shorter than a window say nothing.
 */
export function surfaceLevels(drives: readonly Drive[], shape: SurfaceShape): Record<string, SurfaceLevels> {
  const { channels, steps, stride } = shape;
  const long = drives.filter((d) => d.data.length >= steps * channels);
  const labels = [...new Set(long.map((d) => d.label))].sort();
  const pieces = long.map((d) => ({ ...d, levels: levelsOfAll(d.data, channels) }));
  const whole = models(labels, pieces);
  const windows = models(
    labels,
    long.flatMap((d) => windowsIn(d.data, channels, steps, stride).map((levels) => ({ ...d, levels }))),
  );
  return Object.fromEntries(
    labels.map((label) => {
      const recordings = new Set(long.filter((d) => d.label === label).map((d) => d.recording)).size;
      const spread = spreadOf(label, labels, pieces);
      return [label, { recordings, ...(spread && { spread }), drive: whole[label], window: windows[label] }];
    }),
  );
}

/** Leaves one recording out after the other, and tells its gain, which is 1, by the rest. */
function spreadOf(label: string, labels: readonly string[], pieces: readonly Piece[]): number[] | undefined {
  const own = pieces.filter((p) => p.label === label);
  const ids = [...new Set(own.map((p) => p.recording))];
  if (ids.length < fewestForSpread) return undefined;
  const squares: number[] = [];
  for (const id of ids) {
    const model = models(
      labels,
      pieces.filter((p) => p.recording !== id),
    )[label];
    const left = own.filter((p) => p.recording === id);
    for (const { levels } of left)
      levelGain(levels, model).logGain.forEach((g, c) => {
        squares[c] = (squares[c] ?? 0) + g ** 2 / left.length;
      });
  }
  // Few recordings agree by chance.
  const caution = 1 + 1 / (2 * (ids.length - 1));
  return squares.map((s) => round(caution * Math.sqrt(s / ids.length)));
}

interface Piece {
  readonly recording: string;
  readonly label: string;
  readonly levels: Float64Array;
}

function windowsIn(data: ArrayLike<number>, channels: number, steps: number, stride: number): Float64Array[] {
  const values = Float64Array.from(data);
  const windows: Float64Array[] = [];
  for (let from = 0; (from + steps) * channels <= values.length; from += stride)
    windows.push(levelsOfAll(values.subarray(from * channels, (from + steps) * channels), channels));
  return windows;
}

function models(labels: readonly string[], pieces: readonly Piece[]): Record<string, LevelModel> {
  const counts = new Map<string, number>();
  for (const { recording } of pieces) counts.set(recording, (counts.get(recording) ?? 0) + 1);
  const own = labels
    .map((label) => ({ label, pieces: pieces.filter((p) => p.label === label) }))
    .filter((group) => group.pieces.length > 0)
    .map((group) => ({
      ...group,
      recordings: new Set(group.pieces.map((p) => p.recording)).size,
      moments: moments(
        group.pieces.map((p) => p.levels),
        group.pieces.map((p) => 1 / counts.get(p.recording)!),
      ),
    }));
  const all = own.reduce((sum, g) => sum + g.recordings, 0);
  const size = own[0]?.moments.mean.length ?? 0;
  const pooled = square(size, (i, j) =>
    own.reduce((sum, g) => sum + (g.recordings / all) * g.moments.covariance[i][j], 0),
  );
  return Object.fromEntries(
    own.map(({ label, recordings, moments: { mean, covariance } }) => {
      const share = recordings / (recordings + fewRecordings);
      const mixed = square(size, (i, j) => share * covariance[i][j] + (1 - share) * pooled[i][j]);
      const firm = square(size, (i, j) =>
        round(mixed[i][j] * (i === j ? 1 + ridge : 1) + (i === j ? leastDeviation ** 2 : 0)),
      );
      return [label, { mean: mean.map(round), covariance: firm }];
    }),
  );
}

function moments(x: readonly Float64Array[], weights: readonly number[]): LevelModel {
  const total = weights.reduce((a, b) => a + b, 0);
  const size = x[0].length;
  const mean = Array.from({ length: size }, (_, i) =>
    x.reduce((sum, v, k) => sum + (weights[k] / total) * v[i], 0),
  );
  const covariance = square(size, (i, j) =>
    x.reduce((sum, v, k) => sum + (weights[k] / total) * (v[i] - mean[i]) * (v[j] - mean[j]), 0),
  );
  return { mean, covariance };
}

function square(size: number, value: (i: number, j: number) => number): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => value(i, j)));
}

function round(value: number): number {
  return Number(value.toPrecision(7));
}
