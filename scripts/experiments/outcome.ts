import { targets } from '../../agent/train/balance.ts';
import { type Fluctuation, fluctuation } from '../../agent/train/diagnose/fluctuation.ts';
import { fit } from '../../agent/train/fit.ts';
import { network } from '../../agent/train/run/network.ts';
import { type Experiment, SHORT } from './plan.ts';

/** One run's curve and what it says. */
export interface Outcome extends Fluctuation {
  readonly group: string;
  readonly name: string;
  readonly data: string;
  readonly parameters: number;
  readonly seed: number;
  readonly epochs: number;
  /** Of the epochs that all but the shortest runs have, so that runs of different length can be compared. */
  readonly early: Fluctuation;
  readonly losses: number[];
  readonly bestAccuracy: number;
  readonly finalLoss: number;
  /** First epoch in which every sequence was right; null where that did not happen. */
  readonly perfectEpoch: number | null;
  readonly seconds: number;
}

export async function run(e: Experiment, seed: number): Promise<Outcome> {
  const { data, units, batchNorm, dropout, batchSize, optimiser } = e;
  const shape = { steps: data.steps, channels: 1, labels: data.labels };
  const more = {
    architecture: 'lstm' as const,
    bidirectional: false,
    units: [units],
    batchNorm,
    dropout,
    seed,
  };
  const model = network({ ...shape, ...more }, data.x);
  const startMs = performance.now();
  const y = targets(data.y, data.labels);
  const { history } = await fit({ model, x: data.x, y, epochs: e.epochs, batchSize, optimiser, seed });
  const seconds = (performance.now() - startMs) / 1000;
  const parameters = model.countParams();
  model.dispose();
  const losses = history.map((h) => Number(h.loss.toPrecision(4)));
  return {
    group: e.group,
    name: e.name,
    data: data.name,
    parameters,
    seed,
    epochs: e.epochs,
    early: fluctuation(losses.slice(0, SHORT)),
    losses,
    ...fluctuation(losses),
    bestAccuracy: Math.max(...history.map((h) => h.accuracy)),
    finalLoss: losses[losses.length - 1],
    perfectEpoch: history.find((h) => h.accuracy === 1)?.epoch ?? null,
    seconds: Number(seconds.toFixed(1)),
  };
}
