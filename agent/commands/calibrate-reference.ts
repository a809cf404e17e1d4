import { existsSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { calibrationFileFor, calibrationWith, replaceCalibration, userName } from '../calibrate/plan.ts';
import { RawSampler } from '../calibrate/raw-sampler.ts';
import { type ReferenceCalibration, referenceCalibration } from '../calibrate/reference.ts';
import { type CalibrationFile, loadCalibration } from '../config/calibration-file.ts';
import { loadConfig } from '../config/load.ts';
import { UserError } from '../errors.ts';
import { loadCard, modelFolder } from '../model/card-file.ts';
import { recordingsIn } from '../session/recordings.ts';
import { parseRange } from './calibrate-options.ts';
import { printChannels } from './calibrate-print.ts';

interface Arguments {
  label: string;
  config?: string;
  seconds: number;
  data?: string;
  model?: string;
  calibration?: string;
  robot: string;
  range?: string;
  out?: string;
  json: boolean;
}

export const calibrateReferenceCommand: CommandModule<object, Arguments> = {
  command: 'reference',
  describe: 'Drive on one surface that you know: fit gain and offset to the reference of the model',
  builder: (y) =>
    y.options({
      label: {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'The surface that is driven on, as the model names it',
      },
      config: {
        alias: 'c',
        type: 'string',
        requiresArg: true,
        describe: "The robot's configuration: measure now",
      },
      seconds: { type: 'number', default: 60, describe: 'Seconds to measure' },
      data: {
        type: 'string',
        requiresArg: true,
        describe: 'A recording instead (CSV or session), or a folder of them',
      },
      model: {
        alias: 'm',
        type: 'string',
        requiresArg: true,
        describe: 'With --data: whose reference it is',
      },
      calibration: { type: 'string', requiresArg: true, describe: 'With --data: the calibration so far' },
      robot: {
        type: 'string',
        default: 'unnamed',
        requiresArg: true,
        describe: 'With --data: name of the robot',
      },
      range: { type: 'string', requiresArg: true, describe: 'What the sensor can give in A, such as -30,30' },
      out: {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        describe: 'Calibration file to write; default: the one in the configuration',
      },
      json: { type: 'boolean', default: false, describe: 'Print JSON' },
    }),
  handler: (argv) => (argv.data === undefined ? live(argv) : offline(argv, argv.data)),
};

async function live(argv: Arguments): Promise<void> {
  if (argv.config === undefined)
    throw new UserError('calibrate reference: found neither --config nor --data, expected one', 64);
  const config = loadConfig(argv.config);
  const file = calibrationFileFor(config, argv.config, argv.out);
  const card = loadCard(config.model);
  const inUse = config.calibration !== undefined && existsSync(config.calibration);
  const before = inUse ? loadCalibration(config.calibration as string).channels : undefined;
  const sampler = new RawSampler(config);
  try {
    if (!argv.json)
      console.log(`Measuring for ${argv.seconds} s. Drive on ${argv.label} as the robot does at work.`);
    const recording = await sampler.record(argv.seconds, argv.label);
    const found = referenceCalibration([recording], card, argv.label, before);
    const channels = withRange(found.channels, argv.range);
    const content = calibrationWith({ config, file, channels: before ?? [] }, channels, found.method);
    write(argv, file, content, found);
  } finally {
    await sampler.close();
  }
}

function offline(argv: Arguments, data: string): void {
  const { model, out, label } = argv;
  if (argv.config !== undefined)
    throw new UserError('calibrate reference: found both --config and --data, expected one', 64);
  if (model === undefined || out === undefined)
    throw new UserError(
      `--data: found no ${model === undefined ? '--model' : '--out'}, expected both --model and --out`,
      64,
    );
  const card = loadCard(modelFolder(model));
  const recordings = [...recordingsIn(data)];
  const before =
    argv.calibration === undefined ? recordings[0].calibration : loadCalibration(argv.calibration);
  const found = referenceCalibration(recordings, card, label, before?.channels);
  const others = before?.channels.filter((c) => !found.channels.some((own) => own.name === c.name)) ?? [];
  const content: CalibrationFile = {
    schemaVersion: 1,
    robot: before?.robot ?? argv.robot,
    created: new Date().toISOString(),
    by: userName(),
    method: found.method,
    channels: [...withRange(found.channels, argv.range), ...others],
  };
  write(argv, out, content, found);
}

function withRange(
  channels: CalibrationFile['channels'],
  range: string | undefined,
): CalibrationFile['channels'] {
  const validRange = parseRange(range);
  return channels.map((channel) => (validRange ? { ...channel, validRange } : channel));
}

function write(
  { json }: Arguments,
  file: string,
  content: CalibrationFile,
  { channels, gains, misfit }: ReferenceCalibration,
): void {
  const kept = replaceCalibration(file, content);
  if (json) {
    const fit = Object.fromEntries(channels.map((c, i) => [c.name, gains[i]]));
    console.log(JSON.stringify({ file, ...content, fit, misfit }, null, 2));
    return;
  }
  printChannels(file, content, channels, false);
  if (kept) console.log(`the one before is kept in ${kept}`);
}
