import { UserError } from '../../errors.ts';
import { type Dataset, datasetOf, hashDataset } from '../../session/dataset.ts';
import { recordingsIn } from '../../session/recordings.ts';
import { permutation, randomAt } from '../seeded.ts';
import { groupedFolds } from '../split.ts';
import type { TrainOptions } from './options.ts';

/** Windows of a run and which side each is on. */
export interface RunData {
  readonly dataset: Dataset;
  readonly sha256: string;
  /** Indices of windows, ascending: recording by recording. */
  readonly training: readonly number[];
  readonly heldOut: readonly number[];
}

/** Cuts the recordings into windows and splits them. UserError (65) where one side would be empty or one label alone. */
export function loadRunData(options: TrainOptions): RunData {
  const dataset = datasetOf(recordingsIn(options.data), options);
  if (dataset.labels.length < 2) {
    const seconds = options.steps / options.rateHz;
    throw new UserError(
      `${options.data}: found windows of ${dataset.labels.length} labels (${dataset.labels.join(', ')}), expected 2 or more in recordings of at least ${seconds.toFixed(1)} s`,
      65,
    );
  }
  const heldOut = options.split === 'random' ? randomSide(dataset, options) : recordingSide(dataset, options);
  const all = [...dataset.recordingIds.keys()];
  const training = all.filter((i) => !heldOut.has(i));
  const missing = dataset.labels.filter((_, k) => !training.some((i) => dataset.y[i] === k));
  if (missing.length > 0 || heldOut.size === 0) {
    throw new UserError(
      `${options.data}: found too few recordings to hold some out (${missing.join(', ') || 'all labels'}), expected 2 or more of each label`,
      65,
    );
  }
  return { dataset, sha256: hashDataset(dataset), training, heldOut: all.filter((i) => heldOut.has(i)) };
}

function recordingSide(dataset: Dataset, options: TrainOptions): Set<number> {
  const first = new Map<string, number>();
  dataset.recordingIds.forEach((id, i) => {
    if (!first.has(id)) first.set(id, i);
  });
  const perLabel = dataset.labels.map((_, k) => [...first.values()].filter((i) => dataset.y[i] === k).length);
  // A label with one recording has none to spare: it is trained on and not judged.
  const recordings = [...first].filter(([, i]) => perLabel[dataset.y[i]] > 1);
  const folds = groupedFolds(
    recordings.map(([id, i]) => ({ id, label: dataset.labels[dataset.y[i]] })),
    Math.min(options.folds, Math.max(2, ...perLabel)),
    options.seed,
  );
  const side = new Set<number>();
  for (let k = 0; k < dataset.labels.length; k++) {
    const own = recordings.filter(([, i]) => dataset.y[i] === k).map(([id]) => id);
    // Few recordings leave some folds without any: the lowest fold that has one is held out.
    const lowest = Math.min(...own.map((id) => folds.get(id) as number));
    dataset.recordingIds.forEach((id, i) => {
      if (dataset.y[i] === k && folds.get(id) === lowest) side.add(i);
    });
  }
  return side;
}

function randomSide({ n }: Dataset, options: TrainOptions): Set<number> {
  const order = permutation(n, randomAt(options.seed, 1));
  return new Set(order.subarray(0, Math.floor(n / options.folds)));
}

/** Rows of a table with rows of this length. */
export function rowsOf(values: Float32Array, indices: readonly number[], length: number): Float32Array {
  const out = new Float32Array(indices.length * length);
  indices.forEach((i, k) => {
    out.set(values.subarray(i * length, (i + 1) * length), k * length);
  });
  return out;
}
