import { join } from 'node:path';
import { loadCard } from '../../model/card-file.ts';
import { targets } from '../balance.ts';
import { fit } from '../fit.ts';
import { normalised } from '../package-model.ts';
import { loadRunData, rowsOf } from '../run/data.ts';
import { heldOutWindows } from '../run/held-out.ts';
import { network } from '../run/network.ts';
import { readRun } from '../run/run-files.ts';

export interface Trial {
  readonly batchSize: number;
  readonly learningRate: number;
  /** Lowest loss on the recordings kept aside, and the epoch of it. */
  readonly loss: number;
  readonly epoch: number;
}

const BATCHES = [8, 32, 128];
const FACTORS = [1 / 3, 1, 3];

/**
 * Tries batch sizes and learning rates around those of a run, `epochs` each, best first. A quarter of the training
 * recordings is kept aside to choose by; the run's held-out recordings stay unseen, so its score stays honest.
 */
export async function search(
  folder: string,
  epochs: number,
  onTrial?: (trial: Trial) => void,
): Promise<Trial[]> {
  const { header } = readRun(folder);
  const { options } = header;
  const { dataset, training } = loadRunData(options);
  const aside = heldOutWindows(dataset, training, { folds: 4, seed: options.seed + 1 });
  const card = loadCard(join(folder, 'model'));
  const size = dataset.steps * dataset.channels;
  const side = (held: boolean) => {
    const own = training.filter((i) => aside.has(i) === held);
    const y = targets(
      own.map((i) => dataset.y[i]),
      dataset.labels.length,
    );
    return { x: normalised(card, rowsOf(dataset.x, own, size)), y };
  };
  const [learn, check] = [side(false), side(true)];
  const trials: Trial[] = [];
  for (const batchSize of BATCHES) {
    for (const factor of FACTORS) {
      const learningRate = Number((options.optimiser.learningRate * factor).toPrecision(2));
      const shape = { channels: dataset.channels, labels: dataset.labels.length };
      const model = network({ ...options, ...shape }, learn.x);
      const optimiser = { ...options.optimiser, learningRate };
      const common = { model, ...learn, validation: check, epochs, batchSize, optimiser, seed: options.seed };
      const { history } = await fit(common);
      model.dispose();
      const best = history.reduce((a, b) => ((b.valLoss as number) < (a.valLoss as number) ? b : a));
      const trial = { batchSize, learningRate, loss: best.valLoss as number, epoch: best.epoch };
      trials.push(trial);
      onTrial?.(trial);
    }
  }
  return trials.sort((a, b) => a.loss - b.loss);
}
