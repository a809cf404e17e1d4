import { type CalibrationFile, loadCalibration } from './config/calibration-file.ts';
import type { Config } from './config/schema.ts';
import { Decision } from './decision/decision.ts';
import { FeatureDistance } from './drift/distance.ts';
import { FeatureExtractor } from './drift/features.ts';
import { DriftMonitor } from './drift/monitor.ts';
import { type GainMemory, GainTracker } from './drift/recover/gain-tracker.ts';
import { overlapOf } from './drift/settling.ts';
import { ConfigError } from './errors.ts';
import type { JudgeParts } from './judge.ts';
import type { ModelCard } from './model/card.ts';
import type { LoadedModel } from './model/load.ts';
import { Pipeline } from './pipeline.ts';
import { createProtocol, type Protocol, type ProtocolSpec } from './protocol/registry.ts';
import type { ChannelCalibration } from './signal/channel-calibration.ts';
import { SamplePath } from './signal/sample-path.ts';

/** What comes in, and who says so (for error messages). */
export interface Input {
  readonly file: string;
  readonly protocol: ProtocolSpec;
  /** True where the device may already be talking; false for a file read from its beginning. */
  readonly midStream: boolean;
  readonly calibration?: { readonly file: string; readonly content: CalibrationFile } | undefined;
  readonly nominalRateHz?: number | undefined;
  readonly maxGapS?: number | undefined;
  /** Follow the current's gain and take it out; default false. */
  readonly gainTracking?: boolean | undefined;
}

/** The input of a running robot, as its configuration says it. Throws ConfigError for a wrong calibration. */
export function inputOf(
  config: Pick<Config, 'protocol' | 'calibration' | 'nominalRateHz' | 'maxGapS' | 'gainTracking'>,
  file: string,
): Input {
  const { protocol, calibration, nominalRateHz, maxGapS, gainTracking } = config;
  const content = calibration === undefined ? undefined : loadCalibration(calibration);
  return {
    file,
    protocol,
    midStream: true,
    calibration: content && { file: calibration!, content },
    nominalRateHz,
    maxGapS,
    gainTracking,
  };
}

export interface Assembled {
  readonly pipeline: Pipeline;
  readonly protocol: Protocol;
}

/** A pipeline for one model and one input. Throws ConfigError where their channels or units do not fit. */
export function assemble(model: LoadedModel, input: Input): Assembled {
  const protocol = createProtocol(input.protocol, { midStream: input.midStream });
  const path = createSamplePath(model.card, protocol, input);
  return {
    pipeline: new Pipeline({
      decoder: protocol.decoder,
      path,
      ...createJudge(
        model,
        input.nominalRateHz,
        input.gainTracking ? createGainTracker(model.card) : undefined,
      ),
    }),
    protocol,
  };
}

/** Follows the gain of a robot's current against the reference of a card; goes on from `memory`, learnt with the same card. */
export function createGainTracker(card: ModelCard, memory?: GainMemory): GainTracker {
  const { reference, steps, stride, rateHz } = card;
  const channels = card.channels.map((c) => c.name);
  const tracker = new GainTracker(reference, { channels, steps, stride, rateHz });
  if (memory !== undefined) tracker.restore(memory);
  return tracker;
}

/**
 * The parts that belong to the model; `rateHz`: at which readings should come, where that is known; `gain`: belongs to
 * the robot, and may have a history.
 */
export function createJudge(model: LoadedModel, rateHz?: number, gain?: GainTracker): JudgeParts {
  const { card, classifier } = model;
  const channels = card.channels.map((channel) => channel.name);
  const features = new FeatureExtractor(channels, card.steps);
  return {
    card,
    classifier,
    features,
    decision: new Decision({ labels: card.labels, ...card.decision }),
    distance: new FeatureDistance(card.reference, features.names),
    gain,
    drift: new DriftMonitor(card.reference, {
      featureNames: features.names,
      labels: card.labels,
      rateHz,
      modelRateHz: card.rateHz,
      overlap: overlapOf(card),
    }),
  };
}

/** The way from readings of `protocol` to windows for `card`. */
export function createSamplePath(
  card: ModelCard,
  protocol: Pick<Protocol, 'channels' | 'timeBase' | 'sequenceBits'>,
  input: Pick<Input, 'file' | 'calibration' | 'nominalRateHz' | 'maxGapS'>,
): SamplePath {
  return new SamplePath({
    channels: card.channels.map((channel) => ({
      index: findChannel(channel.name, protocol.channels, input.file),
      calibration: findCalibration(channel, input.calibration),
    })),
    timeBase: protocol.timeBase,
    sequenceBits: protocol.sequenceBits,
    nominalRateHz: input.nominalRateHz,
    maxGapUs: input.maxGapS === undefined ? undefined : input.maxGapS * 1e6,
    rateHz: card.rateHz,
    steps: card.steps,
    stride: card.stride,
  });
}

function findChannel(name: string, channels: readonly string[], file: string): number {
  const index = channels.indexOf(name);
  if (index >= 0) return index;
  throw new ConfigError([
    {
      file,
      key: 'protocol.columns',
      found: `channels ${channels.join(', ')}`,
      expected: `channel ${name}, which the model needs`,
    },
  ]);
}

function findCalibration(
  { name, unit, validRange = [-Infinity, Infinity] }: ModelCard['channels'][number],
  calibration: Input['calibration'],
): ChannelCalibration {
  if (calibration === undefined) return { name, unit, offset: 0, gain: 1, validRange };
  const { file, content } = calibration;
  const index = content.channels.findIndex((c) => c.name === name);
  const refuse = (key: string, found: string, expected: string) =>
    new ConfigError([{ file, key, found, expected }]);
  if (index < 0) {
    const names = content.channels.map((c) => c.name).join(', ');
    throw refuse('channels', names, `a channel ${name}, which the model needs`);
  }
  const channel = content.channels[index];
  if (channel.unit !== unit) {
    throw refuse(
      `channels.${index}.unit`,
      JSON.stringify(channel.unit),
      `${JSON.stringify(unit)}, the model's unit`,
    );
  }
  return channel;
}
