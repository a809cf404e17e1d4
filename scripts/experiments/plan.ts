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
  readonly epochs: number;
}

const RMSPROP: OptimiserSpec = { kind: 'rmsprop', learningRate: 0.001, rho: 0.9 };
const FULL = 98;

/** Epochs of the variants beside the batch sizes, and of batch 2, which takes 49 steps in each: enough to compare their fluctuation. */
export const SHORT = 300;
/** Of the two sizes, of which the larger takes ten times as long as the rest. */
const SHORTEST = 150;

/** Every variant of the question, grouped as it asks; batch sizes go to `epochs`, the others have fewer. */
export function plan(units: number, epochs: number): Experiment[] {
  const base = simulated();
  const usual = { data: base, units, batchSize: 32, optimiser: RMSPROP, batchNorm: false, dropout: 0 };
  const short = { ...usual, epochs: Math.min(epochs, SHORT) };
  const shortest = { ...usual, epochs: Math.min(epochs, SHORTEST) };
  const batches = (group: string, data: Sequences, sizes: readonly number[], own: number): Experiment[] =>
    sizes.map((batchSize) => ({
      ...usual,
      group,
      name: `batch ${batchSize === FULL ? 'full' : batchSize}`,
      data,
      batchSize,
      epochs: batchSize === 2 ? Math.min(own, SHORT) : own,
    }));
  const normalisation = { group: 'BatchNormalization and Dropout' };
  const husky = real();
  return [
    ...batches('batch size, simulated', base, [4, FULL, 32, 16, 2], epochs),
    ...[5, 1].flatMap((n) => batches(`${n} mislabelled`, mislabelled(base, n), [4, FULL], short.epochs)),
    { ...short, group: 'sanity check', name: 'cos and arccos', data: cosines() },
    ...optimisers(short),
    { ...short, ...normalisation, name: 'neither' },
    { ...short, ...normalisation, name: 'BatchNormalization', batchNorm: true },
    { ...short, ...normalisation, name: 'Dropout 0.5', dropout: 0.5 },
    { ...short, ...normalisation, name: 'both', batchNorm: true, dropout: 0.5 },
    ...[6.25, 25, 100].map((rateHz) => ({
      ...shortest,
      group: 'rate of the same four seconds',
      name: `${rateHz} Hz, ${4 * rateHz} steps`,
      data: simulated(rateHz),
    })),
    ...[units, 222].map((own) => ({
      ...shortest,
      group: 'size',
      name: `${parametersOf(own, 6)} parameters`,
      units: own,
    })),
    ...(husky ? batches('batch size, real', husky, [4, FULL, 2, 32, 16], epochs) : []),
  ];
}

function optimisers(usual: Omit<Experiment, 'group' | 'name'>): Experiment[] {
  const specs: [string, OptimiserSpec][] = [
    ['RMSprop 0.001', RMSPROP],
    ['Adam 0.001', { kind: 'adam', learningRate: 0.001 }],
    ['SGD 0.001', { kind: 'sgd', learningRate: 0.001, momentum: 0 }],
    ['RMSprop 0.01', { kind: 'rmsprop', learningRate: 0.01, rho: 0.9 }],
  ];
  return specs.map(([name, optimiser]) => ({ ...usual, group: 'optimiser', name, optimiser }));
}

/** Of an LSTM on one channel and a dense layer to the labels. */
export const parametersOf = (units: number, labels: number): number =>
  4 * units * (units + 2) + (units + 1) * labels;
