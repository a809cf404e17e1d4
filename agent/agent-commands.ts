import { zeroChannel } from './calibrate/calibrate.ts';
import { calibrationWith, planCalibration, replaceCalibration } from './calibrate/plan.ts';
import { type RawChannel, RawCollector } from './calibrate/raw-collector.ts';
import { secretFree } from './config/secret-free.ts';
import { UserError } from './errors.ts';
import type { CommandRequest, CommandResult } from './publish/command-payloads.ts';
import type { CommandHandlers } from './publish/commands.ts';
import type { HomeAssistant } from './publish/home-assistant.ts';
import type { Rollout } from './publish/rollout/rollout.ts';
import type { RecordingControl } from './recording-control.ts';
import type { AgentView } from './service/agent-view.ts';
import type { Logger } from './service/log.ts';

/** The part of an agent that requests reach. */
export type CommandedAgent = Pick<AgentView, 'version' | 'pipeline' | 'diagnostics' | 'config' | 'model'> & {
  readonly recording: RecordingControl;
  readonly logger: Logger;
  readonly configFile: string;
  readonly protocolChannels: readonly string[];
  reload(): Promise<void>;
};

/** What the requests are done with, beside the agent itself. */
export interface CommandParts {
  readonly homeAssistant: HomeAssistant;
  /** Absent where the configuration takes no models over the air. */
  readonly rollout: Rollout | undefined;
  readonly onRestart: () => void;
}

const by = 'mqtt';

/** What each request over MQTT does. A UserError becomes the answer `refused`. */
export function commandHandlers(agent: CommandedAgent, parts: CommandParts): CommandHandlers {
  const { recording, pipeline } = agent;
  return {
    ping: () => ({ version: agent.version, uptimeS: agent.diagnostics.body().uptimeS }),
    record: ({ action, ...request }) => record(recording, action, request),
    label: ({ label, since }) =>
      since === undefined ? recording.label(label, by) : recording.labelSince(label, by, since),
    model: (request) => parts.rollout?.command(request) ?? onlyModel(agent, request.action),
    'drift-reset': ({ reason }) => {
      agent.logger.info('drift detectors begin anew', { reason });
      pipeline.parts.drift.reset(reason ?? 'request');
      return { state: 'warming' };
    },
    'calibrate-zero': ({ durationS }) => calibrateZero(agent, durationS),
    'config-get': () => ({ config: secretFree(agent.config()) }),
    restart: () => {
      parts.onRestart();
      return {};
    },
    discovery: ({ action }) => {
      if (action === 'announce') parts.homeAssistant.announce();
      else parts.homeAssistant.remove();
      return { topic: parts.homeAssistant.topic };
    },
  };
}

function record(
  recording: RecordingControl,
  action: CommandRequest<'record'>['action'],
  request: { label?: string; note?: string; durationS?: number },
): CommandResult<'record'> | Promise<CommandResult<'record'>> {
  if (action === 'start') return recording.start(request);
  if (action === 'stop') return recording.stop();
  return action === 'mark' ? recording.mark(request.note ?? '') : recording.undo(by);
}

function onlyModel(agent: CommandedAgent, action: string): CommandResult<'model'> {
  if (action !== 'list') {
    throw new UserError(
      'found no mqtt.models.folder in the configuration, expected one to change models',
      69,
    );
  }
  const { name, version, labels, simulated } = agent.model().card;
  return {
    active: `${name}@${version}`,
    models: [{ name, version, labels: [...labels], simulated, active: true }],
  };
}

/** Measures the offsets with what the agent reads anyway, writes the calibration, and takes it into use. */
async function calibrateZero(
  agent: CommandedAgent,
  durationS: number,
): Promise<CommandResult<'calibrate-zero'>> {
  if (agent.config().calibration === undefined) {
    throw new UserError('found no calibration in the configuration, expected calibration: FILE', 69);
  }
  refuseWhileRecording(agent);
  const plan = planCalibration({ configFile: agent.configFile });
  const raw = await collect(agent, durationS);
  const measured = plan.channels.map((channel) => {
    const found = raw.find(({ name }) => name === channel.name);
    if (found) return zeroChannel(found, channel, plan.restLimits[channel.name]);
    throw new UserError(
      `channel ${channel.name}: found no such channel in the readings, expected one of ${raw.map((r) => r.name)}`,
      69,
    );
  });
  // A recording may have begun meanwhile: its calibration stays as its metadata says.
  refuseWhileRecording(agent);
  replaceCalibration(plan.file, calibrationWith(plan, measured, `calibrate zero, ${durationS} s, over MQTT`));
  await agent.reload();
  return {
    offsets: Object.fromEntries(measured.map(({ name, offset }) => [name, offset])),
    samples: Math.min(...raw.map(({ whole }) => whole.count)),
  };
}

function refuseWhileRecording({ recording }: CommandedAgent): void {
  if (recording.state === undefined) return;
  throw new UserError('found a recording running, expected none: stop it first', 75);
}

function collect({ pipeline, protocolChannels }: CommandedAgent, durationS: number): Promise<RawChannel[]> {
  const collector = new RawCollector(protocolChannels, durationS);
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      pipeline.watchers.delete(watcher);
    };
    const timer = setTimeout(
      () => {
        end();
        reject(new UserError('found no readings, expected the device to send', 69));
      },
      1000 * durationS + 10_000,
    );
    const watcher = {
      onReading: (reading: Parameters<RawCollector['push']>[0], arrivalUs: number) => {
        if (!collector.push(reading, arrivalUs)) return;
        end();
        resolve(collector.channels);
      },
    };
    pipeline.watchers.add(watcher);
  });
}
