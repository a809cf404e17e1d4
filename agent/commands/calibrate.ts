import type { CommandModule } from 'yargs';
import { calibrateGainCommand } from './calibrate-gain.ts';
import { calibrateReferenceCommand } from './calibrate-reference.ts';
import { calibrateShowCommand } from './calibrate-show.ts';
import { calibrateZeroCommand } from './calibrate-zero.ts';
import { withExamples } from './examples.ts';

export const calibrateCommand: CommandModule = {
  command: 'calibrate',
  describe: 'Find out how raw readings become amperes',
  builder: (y) =>
    y
      .command(
        withExamples(
          [calibrateZeroCommand, calibrateGainCommand, calibrateReferenceCommand, calibrateShowCommand],
          'calibrate',
        ),
      )
      .demandCommand(1, 'Name what to calibrate: zero, gain or reference; or show.'),
  handler: () => undefined,
};
