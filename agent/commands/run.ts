import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { loadConfig } from '../config/load.ts';
import type { Prediction } from '../judge.ts';
import { createLogger } from '../service/log.ts';
import { runService } from '../service/run-service.ts';
import { predictionLine } from './prediction-line.ts';
import { version } from './version.ts';

interface Arguments {
  config: string;
  print: boolean;
}

export const runCommand: CommandModule<object, Arguments> = {
  command: 'run',
  describe: "Run a robot's agent until it is told to stop: what the systemd unit starts",
  builder: (y) =>
    y.options({
      config: {
        alias: 'c',
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: "The robot's configuration (docs/config.md)",
      },
      print: { type: 'boolean', default: false, describe: 'Print a line a prediction' },
    }),
  async handler({ config: file, print }) {
    const configFile = resolve(file);
    const config = loadConfig(configFile);
    await runService({
      config,
      configFile,
      version,
      logger: createLogger(config.log),
      watcher: print
        ? { onPrediction: (prediction: Prediction) => console.log(predictionLine(prediction)) }
        : undefined,
    });
  },
};
