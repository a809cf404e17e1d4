import { stringify } from 'yaml';
import type { Argv, CommandModule } from 'yargs';
import { assemble } from '../assemble.ts';
import { loadCalibration } from '../config/calibration-file.ts';
import { loadConfig } from '../config/load.ts';
import { configJsonSchema, configReference } from '../config/reference.ts';
import { secretFree } from '../config/secret-free.ts';
import { loadModel } from '../model/load.ts';
import { insecureWarning } from '../publish/broker-options.ts';
import { readCredentials, withoutCredentials } from '../publish/credentials.ts';
import { withExamples } from './examples.ts';

interface FileArgument {
  file: string;
  json: boolean;
}

const file = {
  type: 'string',
  default: '/etc/underfoot/underfoot.yaml',
  describe: 'Configuration file',
} as const;
const json = { type: 'boolean', default: false, describe: 'Print JSON' } as const;

const checkCommand: CommandModule<object, FileArgument> = {
  command: 'check [file]',
  describe: 'Check a configuration with its calibration and model, as a start would',
  builder: (y) => y.positional('file', file).options({ json }) as Argv<FileArgument>,
  async handler(argv) {
    const config = loadConfig(argv.file);
    readCredentials(withoutCredentials(config.mqtt));
    if (config.mqtt.insecure) console.error(insecureWarning);
    const calibration = config.calibration
      ? { file: config.calibration, content: loadCalibration(config.calibration) }
      : undefined;
    const model = await loadModel(config.model, config.engine);
    try {
      const { protocol, nominalRateHz, maxGapS } = config;
      assemble(model, { file: argv.file, protocol, midStream: true, calibration, nominalRateHz, maxGapS });
      const { card, classifier, selfTestError } = model;
      if (argv.json) {
        const report = {
          file: argv.file,
          ok: true,
          model: card.name,
          engine: classifier.engine,
          selfTestError,
        };
        console.log(JSON.stringify(report));
      } else {
        const trust = card.simulated ? '; trained on a simulated robot, so not for a real one' : '';
        console.log(
          `${argv.file}: good; model ${card.name} passed its self-test on ${classifier.engine}${trust}`,
        );
      }
    } finally {
      await model.classifier.close();
    }
  },
};

const showCommand: CommandModule<object, FileArgument> = {
  command: 'show [file]',
  describe: 'Print a configuration with its defaults filled in, without secrets',
  builder: (y) => y.positional('file', file).options({ json }) as Argv<FileArgument>,
  handler(argv) {
    const config = secretFree(loadConfig(argv.file));
    console.log(argv.json ? JSON.stringify(config, null, 2) : stringify(config).trimEnd());
  },
};

const schemaCommand: CommandModule = {
  command: 'schema',
  describe: 'Print the JSON Schema of the configuration, for an editor',
  handler: () => console.log(JSON.stringify(configJsonSchema(), null, 2)),
};

const referenceCommand: CommandModule = {
  command: 'reference',
  describe: 'Print every key with type, default and meaning (Markdown)',
  handler: () => console.log(configReference().trimEnd()),
};

export const configCommand: CommandModule = {
  command: 'config',
  describe: 'Check, show or explain a configuration',
  builder: (y) =>
    y
      .command(withExamples([checkCommand, showCommand, schemaCommand, referenceCommand], 'config'))
      .demandCommand(1, 'Name one of check, show, schema, reference.'),
  handler: () => undefined,
};
