import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { modelFolder } from '../model/card-file.ts';
import { packageRoot } from '../package-root.ts';
import { findingsOf } from './problems.ts';
import { type PublishConfig, publishSchema, resolvePublishPaths } from './publish.ts';
import { type Config, configSchema } from './schema.ts';
import { sessionsFolder } from './sessions.ts';
import { readYamlFile } from './yaml-file.ts';

/** Reads and checks a YAML configuration; paths in the result are absolute. Throws ConfigError (exit 78). */
export function loadConfig(file: string): Config {
  const config = load(file, configSchema);
  const model = modelFolder(config.model, dirname(resolve(file)));
  if (existsSync(model)) return { ...config, model };
  const shipped = readdirSync(join(packageRoot, 'models')).sort().join(', ');
  throw new ConfigError([
    {
      file,
      key: 'model',
      found: `${JSON.stringify(config.model)}, and no folder ${model}`,
      expected: `a model folder with card.json, or one of ${shipped}`,
    },
  ]);
}

/** A configuration for what works without a model too: none may be named, and one that is named may be missing. */
export type ModelFreeConfig = Omit<Config, 'model'> & { readonly model?: string | undefined };

/** As `loadConfig`; `model` is as the file names it. */
export function loadModelFreeConfig(file: string): ModelFreeConfig {
  return load(file, configSchema.partial({ model: true }));
}

function load<T extends ModelFreeConfig>(file: string, schema: z.ZodType<T>): T {
  const input = readYamlFile(file);
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new ConfigError(findingsOf(file, input, parsed.error, schema));
  const folder = dirname(resolve(file));
  const config = parsed.data;
  return {
    ...config,
    mqtt: resolvePublishPaths(config.mqtt, folder),
    sessions: { ...config.sessions, folder: sessionsFolder(config.sessions, folder) },
    calibration: config.calibration && resolve(folder, config.calibration),
  };
}

/** True for an operator's file that says how to reach a broker and nothing of a robot. Throws ConfigError. */
export function isBrokerFile(file: string): boolean {
  const input = readYamlFile(file);
  return typeof input === 'object' && input !== null && Object.keys(input).join() === 'mqtt';
}

const mqttOnly = z.object({ mqtt: publishSchema });

/** The `mqtt` section alone, for whoever has a broker and no robot: other keys are not looked at. Throws ConfigError. */
export function loadMqtt(file: string): PublishConfig {
  const input = readYamlFile(file);
  const parsed = mqttOnly.safeParse(input);
  if (!parsed.success) throw new ConfigError(findingsOf(file, input, parsed.error, mqttOnly));
  return resolvePublishPaths(parsed.data.mqtt, dirname(resolve(file)));
}
