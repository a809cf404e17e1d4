import type { Changing } from './agent-parts.ts';
import { createGainTracker, createSamplePath, type Input, inputOf } from './assemble.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import type { GainTracker } from './drift/recover/gain-tracker.ts';
import { loadCard } from './model/card-file.ts';
import { type LoadedModel, loadModel } from './model/load.ts';
import { takesSameWindows } from './model-slot.ts';
import { createProtocol, type Protocol } from './protocol/registry.ts';
import type { SamplePath } from './signal/sample-path.ts';

/** What a new configuration asks for; everything in it was checked and made, nothing was changed yet. */
export interface Reload {
  readonly config: Config;
  readonly input: Input;
  /** Where the model's files are others than before. */
  readonly model: LoadedModel | undefined;
  /** Where source or protocol changed: the port is opened anew. */
  readonly protocol: Protocol | undefined;
  /** Where what windows are made of changed: they begin anew. */
  readonly path: SamplePath | undefined;
  /** Where what it has learnt so far means nothing any more. */
  readonly gain: { readonly tracker: GainTracker | undefined } | undefined;
  /** Keys that changed and that a running agent keeps as they were. */
  readonly waiting: readonly string[];
}

/** Reads configuration, calibration and card again and makes what changed. Throws UserError where something is wrong. */
export async function prepareReload(
  configFile: string,
  before: Changing,
  active: LoadedModel,
): Promise<Reload> {
  const wanted = loadConfig(configFile);
  const { robotId, mqtt, sessions, dashboard, log, diagnosticsIntervalS } = before.config;
  const kept = { robotId, mqtt, sessions, dashboard, log, diagnosticsIntervalS };
  const config = { ...wanted, ...kept };
  const input = inputOf(config, configFile);
  const samePort = same(portKeys(config), portKeys(before.config));
  const protocol = samePort ? undefined : createProtocol(config.protocol, { midStream: true });
  const model = await changedModel(config, before.config, active);
  try {
    const { card } = model ?? active;
    const sameWindows =
      samePort && takesSameWindows(card, active.card) && same(pathKeys(input), pathKeys(before.input));
    const sameGain = sameWindows && config.gainTracking === before.config.gainTracking;
    const tracker = config.gainTracking ? createGainTracker(card) : undefined;
    return {
      config,
      input,
      model,
      protocol,
      gain: sameGain ? undefined : { tracker },
      path: sameWindows ? undefined : createSamplePath(card, protocol ?? before.live.protocol, input),
      waiting: Object.keys(kept).filter((key) => !same(kept[key as 'log'], wanted[key as 'log'])),
    };
  } catch (error) {
    await model?.classifier.close();
    throw error;
  }
}

/**
 * The model of the configuration where its files, or the engine, are not those in use: loading the same again would
 * only cost memory. A model that came over the air stays.
 */
async function changedModel(
  config: Config,
  before: Config,
  active: LoadedModel,
): Promise<LoadedModel | undefined> {
  if (active.folder !== before.model) return undefined;
  const card = loadCard(config.model);
  if (config.model === before.model && config.engine === before.engine && same(card, active.card)) {
    return undefined;
  }
  return await loadModel(config.model, config.engine);
}

function portKeys({ source, protocol }: Config): unknown {
  return [source, protocol];
}

/** What windows depend on, beside the port and the model. */
function pathKeys({ calibration, nominalRateHz, maxGapS }: Input): unknown {
  return [calibration?.content.channels ?? null, nominalRateHz ?? null, maxGapS ?? null];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
