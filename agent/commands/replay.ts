import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandModule } from 'yargs';
import { createGainTracker } from '../assemble.ts';
import { loadCalibration } from '../config/calibration-file.ts';
import { loadConfig } from '../config/load.ts';
import type { GainTracker } from '../drift/recover/gain-tracker.ts';
import { UserError } from '../errors.ts';
import { type Pace, play, recordingPipeline } from '../evaluate.ts';
import { modelFolder } from '../model/card-file.ts';
import { type Engine, type LoadedModel, loadModel } from '../model/load.ts';
import { Publisher } from '../publish/publisher.ts';
import { Reporter } from '../reporter.ts';
import { createLogger } from '../service/log.ts';
import { predictionMessage } from '../session/prediction-message.ts';
import type { Recording } from '../session/recording.ts';
import { recordingsIn } from '../session/recordings.ts';
import { findSession } from '../session/session-list.ts';
import { loadSession } from '../session/session-recording.ts';
import { engineOption, gainTrackingOption, modelOption } from './options.ts';
import { predictionLine } from './prediction-line.ts';
import { namesSession, replayRecorded } from './replay-session.ts';
import { filesOf, folderOf, folderOptions } from './sessions-options.ts';
import { version } from './version.ts';

interface Arguments {
  file: string;
  config?: string;
  model?: string;
  calibration?: string;
  folder?: string;
  publish: boolean;
  compare?: string;
  'gain-tracking'?: boolean;
  engine: Engine;
  speed: number;
  json: boolean;
}

export const replayCommand: CommandModule<object, Arguments> = {
  command: 'replay <file>',
  describe: 'Send a recording through the pipeline of the live agent',
  builder: (y) =>
    y
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'Recording (CSV) or a folder of them, or a session: its file or id',
      })
      .options({
        config: {
          alias: 'c',
          type: 'string',
          requiresArg: true,
          describe: "Use a robot's model, calibration and folder of sessions",
        },
        model: { ...modelOption, demandOption: false },
        calibration: { type: 'string', requiresArg: true, describe: 'Calibration file' },
        'gain-tracking': { ...gainTrackingOption, default: undefined },
        engine: engineOption,
        compare: {
          type: 'string',
          requiresArg: true,
          describe: 'Of a session: what another model would have changed',
        },
        folder: folderOptions.folder,
        publish: {
          type: 'boolean',
          default: false,
          describe:
            "Publish as the configuration's robot; not while its agent runs: they would throw each other out",
        },
        speed: {
          type: 'number',
          default: 0,
          describe: '1 is real time, 10 ten times as fast, 0 as fast as it goes',
        },
        json: { type: 'boolean', default: false, describe: 'Print a line of JSON a prediction' },
      })
      .check((argv) => {
        if (!argv.config && !argv.model && !namesSession(argv.file))
          throw new UserError('replay: found neither --config nor --model, expected one', 64);
        if (argv.publish && !argv.config)
          throw new UserError(
            'replay: --publish: found no --config, expected one that names robot and broker',
            64,
          );
        return true;
      }),
  handler: replay,
};

async function replay(argv: Arguments): Promise<void> {
  if (!argv.publish && namesSession(argv.file)) {
    await replayRecorded(argv);
    return;
  }
  const config = argv.config === undefined ? undefined : loadConfig(argv.config);
  const calibrationFile = argv.calibration ?? config?.calibration;
  const calibration =
    calibrationFile === undefined
      ? undefined
      : { file: calibrationFile, content: loadCalibration(calibrationFile) };
  const folder = argv.model === undefined ? config!.model : modelFolder(argv.model);
  const model = await loadModel(folder, config?.engine ?? argv.engine);
  const tracks = argv['gain-tracking'] ?? config?.gainTracking ?? false;
  const gain = tracks ? createGainTracker(model.card) : undefined;
  const publisher =
    argv.publish && config
      ? new Publisher(
          { ...config.mqtt, robotId: config.robotId, version },
          { log: createLogger({ level: 'warn' }) },
        )
      : undefined;
  await publisher?.start();
  try {
    for (const recording of await recordingsOf(argv)) {
      await replayOne(argv, recording, model, { calibration, gain }, publisher);
    }
  } finally {
    await publisher?.close();
    await model.classifier.close();
  }
}

/** The recordings of a file or folder, or of the session whose id is given. */
async function recordingsOf(argv: Arguments): Promise<Iterable<Recording>> {
  if (existsSync(argv.file) || !namesSession(argv.file)) return recordingsIn(argv.file);
  const session = await findSession(argv.file, folderOf(argv));
  return [loadSession(filesOf(session)).recording];
}

async function replayOne(
  argv: Arguments,
  recording: Recording,
  model: LoadedModel,
  robot: { calibration: Parameters<typeof recordingPipeline>[2]; gain: GainTracker | undefined },
  publisher: Publisher | undefined,
): Promise<void> {
  const pipeline = recordingPipeline(model, recording, robot.calibration, robot.gain);
  const { card } = model;
  if (publisher) {
    publisher.publishStatus({
      state: 'online',
      reasons: [],
      version,
      model: {
        name: card.name,
        version: card.version,
        engine: model.classifier.engine,
        simulated: card.simulated,
      },
      source: { kind: 'replay', name: recording.id, state: 'open' },
    });
    pipeline.watchers.add(new Reporter(pipeline, publisher));
  }
  if (!argv.json) console.log(recording.id);
  await play(
    pipeline,
    recording,
    ({ prediction, label }) =>
      console.log(
        argv.json
          ? JSON.stringify({
              recording: recording.id,
              ...predictionMessage(prediction),
              truth: label ?? null,
            })
          : predictionLine(prediction, label),
      ),
    argv.speed > 0 ? paceAt(argv.speed) : undefined,
  );
}

/** Lets samples go at `speed` times real time, counted from the first one. */
function paceAt(speed: number): Pace {
  const startMs = performance.now();
  let firstUs = Number.NaN;
  return (timeUs) => {
    if (Number.isNaN(firstUs)) firstUs = timeUs;
    const aheadMs = (timeUs - firstUs) / 1000 / speed - (performance.now() - startMs);
    return aheadMs > 1 ? delay(aheadMs) : undefined;
  };
}
