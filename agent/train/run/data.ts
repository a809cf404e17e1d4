import { UserError } from '../../errors.ts';
import { type Dataset, datasetOf, hashDataset } from '../../session/dataset.ts';
import { recordingsIn } from '../../session/recordings.ts';
import { permutation, randomAt } from '../seeded.ts';
import { heldOutWindows } from './held-out.ts';
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
  const all = [...dataset.recordingIds.keys()];
  const heldOut =
    options.split === 'random' ? randomSide(dataset, options) : heldOutWindows(dataset, all, options);
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
