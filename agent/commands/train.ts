import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { findingsOf } from '../config/problems.ts';
import { inWords, UserError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import type { TrainOptions } from '../train/run/options.ts';
import { TrainProgress } from './train-progress.ts';

interface Arguments {
  data: string;
  out: string;
  name?: string;
  channels: string;
  unit: string;
  rate: number;
  steps: number;
  stride: number;
  architecture: 'lstm' | 'features';
  units: string;
  bidirectional: boolean;
  batchNorm: boolean;
  dropout: number;
  optimiser: 'rmsprop' | 'adam' | 'sgd';
  learningRate: number;
  rho?: number;
  momentum?: number;
  weightDecay?: number;
  clipNorm?: number;
  batchSize: string;
  epochs: number;
  seed: number;
  patience?: number;
  balance: 'none' | 'labels' | 'recordings';
  split: 'recording' | 'random';
  folds: number;
  json: boolean;
}

const RANDOM_SPLIT =
  'underfoot: --split random: windows of one recording are alike and overlap, so judging on neighbours of what was ' +
  'trained on measures memory. On real recordings this has read 0.95 where new drives gave 0.72.';

export const trainCommand: CommandModule<object, Arguments> = {
  command: 'train',
  describe: 'Train a model on labelled recordings: sessions, or <LABEL>/<recording>.csv',
  builder: (y) =>
    y
      .options({
        data: { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder of recordings' },
        out: {
          alias: 'o',
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'Folder of the run; one that was stopped goes on',
        },
        name: { type: 'string', requiresArg: true, describe: "Name of the model; default: the folder's" },
        channels: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'Columns to use, such as curL,curR',
        },
        unit: { type: 'string', default: 'A', describe: 'Unit of the channels' },
        rate: {
          type: 'number',
          demandOption: true,
          requiresArg: true,
          describe: 'Rate of the windows in Hz',
        },
        steps: { type: 'number', default: 100, describe: 'Steps of a window' },
        stride: { type: 'number', default: 10, describe: 'Steps from one window to the next' },
        architecture: {
          choices: ['lstm', 'features'] as const,
          default: 'lstm' as const,
          describe: 'LSTM layers, or an LSTM over fixed features',
        },
        units: { type: 'string', default: '64', describe: 'Units of each LSTM layer, such as 64 or 128,64' },
        bidirectional: { type: 'boolean', default: false, describe: 'Read windows both ways' },
        'batch-norm': { type: 'boolean', default: false, describe: 'BatchNormalization after each LSTM' },
        dropout: { type: 'number', default: 0, describe: 'Dropout after each LSTM' },
      })
      .options({
        optimiser: {
          alias: 'optimizer',
          choices: ['rmsprop', 'adam', 'sgd'] as const,
          default: 'adam' as const,
          describe: 'How weights follow gradients',
        },
        'learning-rate': { type: 'number', default: 0.001, describe: 'Size of a step' },
        rho: { type: 'number', requiresArg: true, describe: 'Memory of RMSprop; default: 0.9' },
        momentum: { type: 'number', requiresArg: true, describe: 'Of SGD and RMSprop; default: 0' },
        'weight-decay': {
          type: 'number',
          requiresArg: true,
          describe: 'Decoupled from the gradient; default: 0',
        },
        'clip-norm': {
          type: 'number',
          requiresArg: true,
          describe: 'Largest norm of a gradient; without it, none',
        },
        'batch-size': { type: 'string', default: '32', describe: 'Windows a step, or full' },
        epochs: { type: 'number', default: 100, describe: 'Passes over the training windows' },
        seed: { type: 'number', default: 1, describe: 'Of weights, order, dropout and split' },
        patience: {
          type: 'number',
          requiresArg: true,
          describe: 'Stop when held-out loss has not fallen for so many epochs',
        },
        balance: {
          choices: ['none', 'labels', 'recordings'] as const,
          default: 'labels' as const,
          describe: 'What counts the same',
        },
        split: {
          choices: ['recording', 'random'] as const,
          default: 'recording' as const,
          describe: 'What is held out whole; random flatters',
        },
        folds: { type: 'number', default: 5, describe: 'One part of so many is held out' },
        json: { type: 'boolean', default: false, describe: 'One JSON line an epoch, and one at the end' },
      }) as unknown as Argv<Arguments>,
  async handler(argv) {
    if (argv.split === 'random') console.error(RANDOM_SPLIT);
    const options = await checked(argv);
    const { trainRun } = await import('../train/run/run.ts');
    const { version } = createRequire(import.meta.url)(join(packageRoot, 'package.json')) as {
      version: string;
    };
    const progress = new TrainProgress(options.epochs, argv.json);
    let stop = false;
    const onSignal = (): void => {
      stop = true;
    };
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    const { result } = await trainRun(argv.out, options, {
      codeVersion: version,
      onStart: (header) => {
        if (argv.json) return;
        const { trainingWindows, heldOutWindows, heldOutRecordings, parameters, labels } = header;
        console.log(
          `${trainingWindows} windows of ${labels.length} labels to train on, ${heldOutWindows} of ${heldOutRecordings.length} recordings held out, ${parameters} parameters`,
        );
      },
      onEpoch: (epoch) => progress.epoch(epoch),
      stop: () => stop,
    });
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
    if (!result) {
      console.error(`underfoot: stopped; the same command goes on from ${join(argv.out, 'checkpoint.bin')}`);
      process.exitCode = 130;
      return;
    }
    const { heldOut, stopped, bestEpoch, weightsSha256 } = result;
    if (argv.json) console.log(JSON.stringify({ stopped, bestEpoch, weightsSha256, heldOut }));
    else {
      console.log(
        `held out: balanced accuracy ${heldOut.balancedAccuracy.toFixed(3)}, accuracy ${heldOut.accuracy.toFixed(3)}, ECE ${heldOut.ece.toFixed(3)} (weights of epoch ${bestEpoch})`,
      );
      console.log(`${join(argv.out, 'model')}: the model; ${join(argv.out, 'report.html')}: the report`);
    }
  },
};

/** The options as a run keeps them; UserError (64) with every mistake. */
async function checked(argv: Arguments): Promise<TrainOptions> {
  const { trainOptionsSchema } = await import('../train/run/options.ts');
  const { learningRate, rho, momentum, weightDecay, clipNorm } = argv;
  const given = {
    name: argv.name ?? basename(resolve(argv.out)).replace(/[^A-Za-z0-9_-]/g, '-'),
    data: argv.data,
    channels: argv.channels.split(',').map((name) => ({ name: name.trim(), unit: argv.unit })),
    rateHz: argv.rate,
    steps: argv.steps,
    stride: argv.stride,
    architecture: argv.architecture,
    units: argv.units.split(',').map(Number),
    bidirectional: argv.bidirectional,
    batchNorm: argv.batchNorm,
    dropout: argv.dropout,
    optimiser: { kind: argv.optimiser, learningRate, rho, momentum, weightDecay, clipNorm },
    batchSize: argv.batchSize === 'full' ? 'full' : Number(argv.batchSize),
    epochs: argv.epochs,
    seed: argv.seed,
    patience: argv.patience,
    balance: argv.balance,
    split: argv.split,
    folds: argv.folds,
  };
  const parsed = trainOptionsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const mistakes = findingsOf('train', given, parsed.error, trainOptionsSchema);
  throw new UserError(mistakes.map((mistake) => `train: ${inWords(mistake)}`).join('\n'), 64);
}
