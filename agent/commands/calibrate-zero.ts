import type { CommandModule } from 'yargs';
import { zeroChannel } from '../calibrate/calibrate.ts';
import { calibrationWith, chooseChannels, planCalibration, replaceCalibration } from '../calibrate/plan.ts';
import { RawSampler } from '../calibrate/raw-sampler.ts';
import { calibrateOptions, parseRange } from './calibrate-options.ts';
import { findRaw, printChannels, printNext } from './calibrate-print.ts';

interface Arguments {
  config: string;
  out?: string;
  channel?: string[];
  range?: string;
  seconds: number;
  'new-sensor': boolean;
  json: boolean;
}

export const calibrateZeroCommand: CommandModule<object, Arguments> = {
  command: 'zero',
  describe: 'Motors off: measure offset and noise',
  builder: (y) =>
    y.options({
      ...calibrateOptions,
      seconds: { type: 'number', default: 5, describe: 'Seconds to measure' },
      'new-sensor': {
        type: 'boolean',
        default: false,
        describe: 'The sensor was changed: do not compare with the offset and the noise so far',
      },
    }),
  async handler(argv) {
    const plan = planCalibration({
      configFile: argv.config,
      output: argv.out,
      range: parseRange(argv.range),
      newSensor: argv['new-sensor'],
    });
    const channels = chooseChannels(plan, argv.channel);
    const sampler = new RawSampler(plan.config);
    try {
      if (!argv.json) console.log(`Measuring for ${argv.seconds} s. Motors must be off.`);
      const raw = await sampler.collect(argv.seconds);
      const measured = channels.map((channel) =>
        zeroChannel(findRaw(raw, channel.name), channel, plan.restLimits[channel.name]),
      );
      const content = calibrationWith(plan, measured, `calibrate zero, ${argv.seconds} s with motors off`);
      const kept = replaceCalibration(plan.file, content);
      printChannels(plan.file, content, measured, argv.json);
      if (!argv.json) printNext(plan.config, argv.config, plan.file);
      if (kept && !argv.json) console.log(`the one before is kept in ${kept}`);
    } finally {
      await sampler.close();
    }
  },
};
