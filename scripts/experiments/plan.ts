import type { OptimiserSpec } from '../../agent/train/optimiser.ts';
import { cosines, mislabelled, real, type Sequences, simulated } from './data.ts';

export interface Experiment {
  readonly group: string;
  readonly name: string;
  readonly data: Sequences;
  readonly units: number;
  readonly batchSize: number;
  readonly optimiser: OptimiserSpec;
  readonly batchNorm: boolean;
  readonly dropout: number;
  /** Share of the epochs: for what takes long. */
  readonly share?: number;
}

const RMSPROP: OptimiserSpec = { kind: 'rmsprop', learningRate: 0.001, rho: 0.9 };
const FULL = 98;

/** Every variant of the question, grouped as it asks. */
export function plan(units: number): Experiment[] {
  const base = simulated();
  const usual = { data: base, units, batchSize: 32, optimiser: RMSPROP, batchNorm: false, dropout: 0 };
  const batches = (group: string, data: Sequences, sizes: readonly number[]): Experiment[] =>
    sizes.map((batchSize) => ({
      ...usual,
      group,
      name: `batch ${batchSize === FULL ? 'full' : batchSize}`,
      data,
      batchSize,
    }));
  const list: Experiment[] = [
    ...batches('batch size, simulated', base, [2, 4, 16, 32, FULL]),
    ...optimisers(usual),
    { ...usual, group: 'BatchNormalization and Dropout', name: 'neither' },
    { ...usual, group: 'BatchNormalization and Dropout', name: 'BatchNormalization', batchNorm: true },
    { ...usual, group: 'BatchNormalization and Dropout', name: 'Dropout 0.5', dropout: 0.5 },
    { ...usual, group: 'BatchNormalization and Dropout', name: 'both', batchNorm: true, dropout: 0.5 },
    ...[1, 5].flatMap((count) => batches(`${count} mislabelled`, mislabelled(base, count), [4, FULL])),
    ...[6.25, 100].map((rateHz) => ({
      ...usual,
      group: 'rate of the same four seconds',
      name: `${rateHz} Hz, ${4 * rateHz} steps`,
      data: simulated(rateHz),
    })),
    { ...usual, group: 'sanity check', name: 'cos and arccos', data: cosines() },
  ];
  const husky = real();
  if (husky) list.push(...batches('batch size, real', husky, [2, 4, 16, 32, FULL]));
  list.push({ ...usual, group: 'size', name: `${parametersOf(222, 6)} parameters`, units: 222, share: 0.25 });
  list.push({ ...usual, group: 'size', name: `${parametersOf(units, 6)} parameters`, share: 0.25 });
  return list;
}

function optimisers(usual: Omit<Experiment, 'group' | 'name'>): Experiment[] {
  const specs: [string, OptimiserSpec][] = [
    ['Adam 0.001', { kind: 'adam', learningRate: 0.001 }],
    ['SGD 0.001', { kind: 'sgd', learningRate: 0.001, momentum: 0 }],
    ['RMSprop 0.01', { kind: 'rmsprop', learningRate: 0.01, rho: 0.9 }],
  ];
  return specs.map(([name, optimiser]) => ({ ...usual, group: 'optimiser', name, optimiser }));
}

/** Of an LSTM on one channel and a dense layer to the labels. */
export const parametersOf = (units: number, labels: number): number =>
  4 * units * (units + 2) + (units + 1) * labels;
