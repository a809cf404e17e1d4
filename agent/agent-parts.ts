import { createSamplePath, type Input } from './assemble.ts';
import type { Config } from './config/schema.ts';
import { sessionLimits } from './config/sessions.ts';
import type { Live } from './live.ts';
import type { LoadedModel } from './model/load.ts';
import { ModelSlot } from './model-slot.ts';
import type { Pipeline } from './pipeline.ts';
import { clockWatch } from './publish/clock-synchronised.ts';
import type { RecordingBody } from './publish/payloads.ts';
import { RecordingControl } from './recording-control.ts';

/** What of an agent can be another from one moment to the next: a reload replaces it. */
export interface Changing {
  readonly config: Config;
  readonly input: Input;
  readonly live: Live;
}

export function createSlot(
  pipeline: Pipeline,
  model: LoadedModel,
  now: () => Changing,
  handOver: RecordingControl['handOver'],
  onChange: (model: LoadedModel) => void,
): ModelSlot {
  return new ModelSlot(pipeline, model, {
    get configuredFolder() {
      return now().config.model;
    },
    get engine() {
      return now().config.engine;
    },
    get nominalRateHz() {
      return now().config.nominalRateHz;
    },
    get gainTracking() {
      return now().config.gainTracking;
    },
    createPath: (card) => createSamplePath(card, now().live.protocol, now().input),
    handOver,
    onChange,
  });
}

export function createRecording(
  pipeline: Pipeline,
  version: string,
  model: () => LoadedModel,
  now: () => Changing,
  onChange: (body: RecordingBody) => void,
): RecordingControl {
  const { robotId, sessions } = now().config;
  return new RecordingControl(pipeline, {
    robotId,
    version,
    get protocol() {
      return now().live.protocol;
    },
    get protocolSpec() {
      return now().config.protocol;
    },
    get input() {
      return now().input;
    },
    model,
    ...sessionLimits(sessions),
    clockSynchronised: clockWatch(),
    onChange,
  });
}
