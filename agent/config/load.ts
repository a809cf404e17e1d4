import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { modelFolder } from '../model/card-file.ts';
import { findingsOf } from './problems.ts';
import { type PublishConfig, publishSchema, resolvePublishPaths } from './publish.ts';
import { type Config, configSchema } from './schema.ts';
import { sessionsFolder } from './sessions.ts';

/** Reads and checks a YAML configuration; paths in the result are absolute. Throws ConfigError (exit 78). */
export function loadConfig(file: string): Config {
  const config = load(file, configSchema);
  return { ...config, model: modelFolder(config.model, dirname(resolve(file))) };
}

/** A configuration for what works without a model too: none may be named, and one that is named may be missing. */
export type ModelFreeConfig = Omit<Config, 'model'> & { readonly model?: string | undefined };

/** As `loadConfig`; `model` is as the file names it. */
export function loadModelFreeConfig(file: string): ModelFreeConfig {
  return load(file, configSchema.partial({ model: true }));
}

function load<T extends ModelFreeConfig>(file: string, schema: z.ZodType<T>): T {
  const input = readYaml(file);
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new ConfigError(findingsOf(file, input, parsed.error));
  const folder = dirname(resolve(file));
  const config = parsed.data;
  return {
    ...config,
    mqtt: resolvePublishPaths(config.mqtt, folder),
    sessions: { ...config.sessions, folder: sessionsFolder(config.sessions, folder) },
    calibration: config.calibration && resolve(folder, config.calibration),
  };
}

const mqttOnly = z.object({ mqtt: publishSchema });

/** The `mqtt` section alone, for whoever has a broker and no robot: other keys are not looked at. Throws ConfigError. */
export function loadMqtt(file: string): PublishConfig {
  const input = readYaml(file);
  const parsed = mqttOnly.safeParse(input);
  if (!parsed.success) throw new ConfigError(findingsOf(file, input, parsed.error));
  return resolvePublishPaths(parsed.data.mqtt, dirname(resolve(file)));
}

function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file, found: (error as Error).message, expected: 'a readable YAML file' }]);
  }
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    const [first] = document.errors;
    const line = first.linePos?.[0].line;
    throw new ConfigError([
      { file, key: line ? `line ${line}` : '', found: first.message.split('\n')[0], expected: 'YAML' },
    ]);
  }
  return document.toJS() ?? {};
}
