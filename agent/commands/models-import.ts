import { basename, extname, join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';

interface Arguments {
  file: string;
  data: string;
  out?: string;
  name?: string;
  labels: string;
  channels: string;
  unit: string;
  rate: number;
  steps: number;
  stride: number;
  mean?: string;
  std?: string;
  output?: 'logits' | 'probabilities';
  json: boolean;
}

export const modelsImportCommand: CommandModule<object, Arguments> = {
  command: 'import <file>',
  describe: 'Take over a model from Keras (.keras, .h5), ONNX or a TensorFlow.js folder',
  builder: (y) =>
    y
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: '.keras, .h5, .onnx, or a folder with model.json',
      })
      .options({
        data: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'Recordings it was not trained on: they give its scores and reference',
        },
        out: {
          alias: 'o',
          type: 'string',
          requiresArg: true,
          describe: 'Folder of the new model; default: models/NAME',
        },
        name: { type: 'string', requiresArg: true, describe: "Default: the file's" },
        labels: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'In the order of its outputs: ICE,SNOW',
        },
        channels: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'In the order of its inputs: curL,curR',
        },
        unit: { type: 'string', default: 'A', describe: 'Unit of the channels' },
        rate: {
          type: 'number',
          demandOption: true,
          requiresArg: true,
          describe: 'Rate of its windows in Hz',
        },
        steps: { type: 'number', default: 100, describe: 'Steps of its windows' },
        stride: { type: 'number', default: 10, describe: 'Steps from one window to the next, when it runs' },
        mean: { type: 'string', requiresArg: true, describe: 'What it wants subtracted from each channel' },
        std: { type: 'string', requiresArg: true, describe: 'What it wants each channel divided by' },
        output: {
          choices: ['logits', 'probabilities'] as const,
          describe: 'What it gives; default: as its numbers look',
        },
        json: { type: 'boolean', default: false, describe: 'Print the card as JSON' },
      }),
  async handler(argv) {
    const { importModel } = await import('../model/import/import-model.ts');
    const name =
      argv.name ?? basename(resolve(argv.file), extname(argv.file)).replace(/[^A-Za-z0-9_-]/g, '-');
    const channels = argv.channels.split(',').map((channel) => ({ name: channel.trim(), unit: argv.unit }));
    const out = argv.out ?? join('models', name);
    const card = await importModel({
      file: argv.file,
      out,
      name,
      labels: argv.labels.split(',').map((label) => label.trim()),
      channels,
      rateHz: argv.rate,
      steps: argv.steps,
      stride: argv.stride,
      normalisation: normalisation(argv, channels.length),
      output: argv.output,
      data: argv.data,
    });
    const guessing = 1 / card.labels.length;
    if (card.heldOut.raw.balancedAccuracy <= 1.1 * guessing)
      console.error(
        `underfoot: no better than guessing (${guessing.toFixed(3)}): is --labels in the order of its outputs, and was it trained on scaled inputs (--mean, --std)?`,
      );
    if (argv.json) console.log(JSON.stringify(card, null, 1));
    else
      console.log(
        `${out}: ${card.name}, balanced accuracy ${card.heldOut.raw.balancedAccuracy.toFixed(3)} on ${card.heldOut.raw.windows} windows of ${argv.data}`,
      );
  },
};

function normalisation(argv: Arguments, channels: number) {
  if (argv.mean === undefined && argv.std === undefined) return { kind: 'none' as const };
  const list = (key: 'mean' | 'std', fallback: number): number[] => {
    const values = argv[key]?.split(',').map(Number) ?? new Array<number>(channels).fill(fallback);
    if (values.length !== channels || values.some((v) => !Number.isFinite(v)))
      throw new UserError(`--${key}: found ${argv[key]}, expected ${channels} numbers, one a channel`, 64);
    return values;
  };
  return { kind: 'standard' as const, mean: list('mean', 0), std: list('std', 1) };
}
