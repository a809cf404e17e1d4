import type { CommandModule } from 'yargs';
import { loadCalibration } from '../config/calibration-file.ts';
import { loadConfig } from '../config/load.ts';
import { UserError } from '../errors.ts';
import { printChannels } from './calibrate-print.ts';

interface Arguments {
  file?: string;
  config?: string;
  json: boolean;
}

export const calibrateShowCommand: CommandModule<object, Arguments> = {
  command: 'show [file]',
  describe: 'Check a calibration file and print it',
  builder: (y) =>
    y
      .positional('file', { type: 'string', describe: 'Calibration file' })
      .option('config', {
        alias: 'c',
        type: 'string',
        requiresArg: true,
        describe: 'Show the calibration of this configuration',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler({ file, config, json }) {
    const path = file ?? (config === undefined ? undefined : loadConfig(config).calibration);
    if (path === undefined) {
      const found = config === undefined ? 'neither a file nor --config' : `no key calibration in ${config}`;
      throw new UserError(`calibrate show: found ${found}, expected a calibration file`, 64);
    }
    const content = loadCalibration(path);
    printChannels(path, content, content.channels, json);
  },
};
