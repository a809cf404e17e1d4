import { join } from 'node:path';
import { type Dataset, datasetOf } from '../../agent/session/dataset.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import type { TrainingWindows } from '../../agent/train/feature-recipe.ts';
import type { Splittable } from '../../agent/train/split.ts';

/** The real recordings beside the checkout; see their README for the source and licence. */
export const huskyFolder = join(import.meta.dirname, '../../../shared/data/borealtc');
export const RATE_HZ = 6.5;
export const STEPS = 100;
/** Windows overlap less when judged than when trained on. */
export const TRAINING_STRIDE = 5;
export const JUDGING_STRIDE = 10;
export const LABELS = ['ASPHALT', 'FLOORING', 'ICE', 'SANDY_LOAM', 'SNOW'];

/** Repeats of one drive, found by comparing the recordings with one another: they stay on one side of every split. */
const GROUPS: Record<string, string> = { 'SNOW/pro_13': 'SNOW/pro_12' };

/** Two recordings hold 75 % of the ice and 63 % of the asphalt: without them there is nothing left to train these on. */
export const ANCHORS: ReadonlySet<string> = new Set(['ICE/pro_01', 'ASPHALT/pro_01']);

export function huskyRecordings(folder = huskyFolder): Recording[] {
  return [...recordingsIn(folder)];
}

export function splittable(recordings: readonly Recording[]): Splittable[] {
  return recordings.map(({ id }) => ({ id, label: id.split('/')[0], group: GROUPS[id] ?? id }));
}

export function windowsAt(
  recordings: readonly Recording[],
  channels: readonly string[],
  stride: number,
): Dataset {
  const spec = {
    channels: channels.map((name) => ({ name, unit: 'A' })),
    rateHz: RATE_HZ,
    steps: STEPS,
    stride,
  };
  return datasetOf(recordings, spec, LABELS);
}

/**
 * Training windows of these channels. One channel (the left motor) is also learned from the right one, whose amperes are
 * first mapped onto the left's: the same surfaces, seen by another motor.
 */
export function trainingWindows(
  recordings: readonly Recording[],
  channels: readonly string[],
): TrainingWindows {
  const own = windowsAt(recordings, channels, TRAINING_STRIDE);
  const shape = { steps: STEPS, channels: channels.length, labels: LABELS.length };
  if (channels.length > 1) return { ...shape, x: own.x, y: own.y, recordings: own.recordingIds };
  const right = windowsAt(recordings, ['curR'], TRAINING_STRIDE);
  const map = quantileMap(right, own);
  const x = new Float32Array(own.x.length + right.x.length);
  x.set(own.x);
  right.x.forEach((v, i) => {
    x[own.x.length + i] = map(v);
  });
  return {
    ...shape,
    x,
    y: [...own.y, ...right.y],
    recordings: [...own.recordingIds, ...right.recordingIds.map((id) => `${id} right`)],
  };
}

const QUANTILES = Array.from({ length: 40 }, (_, i) => 0.02 + (i * (0.995 - 0.02)) / 39);

/** Maps amperes of one motor to those of another, so that their distributions agree; long recordings count for less. */
function quantileMap(from: Dataset, to: Dataset): (value: number) => number {
  const knots = [from, to].map(weightedQuantiles);
  // Readings repeat, so quantiles do: a map needs knots that ascend.
  for (let i = 0; i < QUANTILES.length; i++) {
    knots[0][i] = Math.max(knots[0][i], (knots[0][i - 1] ?? 0) + 1e-4);
    knots[1][i] = Math.max(knots[1][i], knots[1][i - 1] ?? 0);
  }
  const last = QUANTILES.length - 1;
  const xs = [0, ...knots[0], 60];
  const ys = [0, ...knots[1], 60 + knots[1][last] - knots[0][last]];
  return (value) => {
    let i = 1;
    while (i < xs.length - 1 && xs[i] < value) i++;
    const share = Math.min(Math.max((value - xs[i - 1]) / (xs[i] - xs[i - 1]), 0), 1);
    return ys[i - 1] + share * (ys[i] - ys[i - 1]);
  };
}

function weightedQuantiles(data: Dataset): number[] {
  const perRecording = new Map<string, number>();
  for (const id of data.recordingIds) perRecording.set(id, (perRecording.get(id) ?? 0) + 1);
  const weights = data.recordingIds.map((id) => perRecording.get(id)! ** -0.8);
  const perLabel = data.labels.map((_, k) => data.y.reduce((s, y, i) => s + (y === k ? weights[i] : 0), 0));
  const size = data.steps * data.channels;
  const order = Uint32Array.from({ length: data.x.length }, (_, i) => i).sort(
    (a, b) => data.x[a] - data.x[b],
  );
  const quantiles: number[] = [];
  let sum = 0;
  for (const i of order) {
    const window = Math.floor(i / size);
    sum += weights[window] / perLabel[data.y[window]] / (data.labels.length * size);
    while (quantiles.length < QUANTILES.length && sum >= QUANTILES[quantiles.length])
      quantiles.push(data.x[i]);
  }
  while (quantiles.length < QUANTILES.length) quantiles.push(data.x[order[order.length - 1]]);
  return quantiles;
}
