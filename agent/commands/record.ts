import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { isBrokerFile, loadModelFreeConfig, loadMqtt, type ModelFreeConfig } from '../config/load.ts';
import { type PublishConfig, publishSchema } from '../config/publish.ts';
import { UserError } from '../errors.ts';
import { levelPattern } from '../publish/topics.ts';
import { checkLabel } from '../recording-session.ts';
import { MarkerFile, readMarkers } from '../session/markers.ts';
import { listSessions } from '../session/session-list.ts';
import { brokerOptions } from './broker-arguments.ts';
import { parseDuration } from './record-duration.ts';
import { Lines, type RecordUi, Screen } from './record-screen.ts';
import { recordInService, Service } from './record-service.ts';
import { recordHere } from './record-standalone.ts';
import type { Ongoing, RecordResult } from './record-types.ts';
import { bytesText, clockText, jsonOption } from './sessions-options.ts';

interface Arguments {
  config?: string;
  robot?: string;
  label?: string;
  labels?: string;
  note?: string;
  duration?: string;
  markers?: string;
  model: boolean;
  standalone: boolean;
  broker?: string;
  prefix?: string;
  json: boolean;
}

const installedConfig = '/etc/underfoot/underfoot.yaml';
const markersMs = 500;

export const recordCommand: CommandModule<object, Arguments> = {
  command: 'record',
  describe:
    'Record a labelled session: through the running service where there is one, else from the port itself',
  builder: (y) =>
    y.options({
      config: {
        ...brokerOptions.config,
        describe: `The robot's configuration; default: ${installedConfig}, where it is there`,
      },
      robot: {
        alias: 'r',
        type: 'string',
        requiresArg: true,
        describe: "Robot; default: the configuration's",
      },
      label: { alias: 'l', type: 'string', requiresArg: true, describe: 'Surface that is driven first' },
      labels: {
        type: 'string',
        requiresArg: true,
        describe: "Surfaces on the number keys, such as A,B,C; the model's and those used before follow",
      },
      note: { type: 'string', requiresArg: true, describe: 'Kept with the session' },
      duration: {
        alias: 'd',
        type: 'string',
        requiresArg: true,
        describe: 'Ends by itself after so long: 10m, 90s, 1h30m',
      },
      markers: {
        type: 'string',
        requiresArg: true,
        describe: 'CSV file time,label with the labels; read again while it grows',
      },
      model: {
        type: 'boolean',
        default: true,
        describe: 'Record predictions too; --no-model records readings and labels alone',
      },
      standalone: { type: 'boolean', default: false, describe: 'Do not look for a running service' },
      broker: brokerOptions.broker,
      prefix: brokerOptions.prefix,
      ...jsonOption,
    }),
  handler: record,
};

async function record(argv: Arguments): Promise<void> {
  const { config, configFile, mqtt } = configOf(argv);
  const robotId = argv.robot ?? config?.robotId;
  if (robotId === undefined) {
    throw new UserError(
      `found neither --robot nor a robot's --config nor ${installedConfig}, expected one of them`,
      64,
    );
  }
  if (!levelPattern.test(robotId)) {
    throw new UserError(`--robot: found ${JSON.stringify(robotId)}, expected letters, digits, _ and -`, 64);
  }
  const labels = argv.labels?.split(',').map((label) => label.trim()) ?? [];
  for (const label of [...labels, argv.label ?? null]) checkLabel(label);
  const durationS = argv.duration === undefined ? undefined : parseDuration('duration', argv.duration);
  // What is wrong with it is said before anything is recorded.
  if (argv.markers !== undefined) readMarkers(argv.markers, originOf(new Date().toISOString()));

  const stopping = new AbortController();
  const removeSignals = onSignals(() => stopping.abort());
  try {
    const request = { label: argv.label, note: argv.note, durationS };
    const service = argv.standalone ? undefined : await findService(argv, config, mqtt, robotId);
    const ongoing = service
      ? await inService(service, request)
      : await here(argv, config, configFile, robotId, request, stopping.signal);
    const folder = config?.sessions.folder;
    const all = [...labels, argv.label ?? [], ongoing.modelLabels, await labelsUsed(folder)].flat();
    const result = await follow(argv, ongoing, [...new Set(all)], stopping);
    print(argv, result);
    process.exitCode = result.exitCode;
  } finally {
    removeSignals();
  }
}

interface Found {
  /** Of a robot; undefined where the file says only how to reach its broker, or there is none. */
  readonly config?: ModelFreeConfig;
  readonly configFile: string;
  readonly mqtt: PublishConfig;
}

function configOf({ config: file }: Arguments): Found {
  if (file === undefined && !existsSync(installedConfig))
    return { configFile: '', mqtt: publishSchema.parse({}) };
  const configFile = file ?? installedConfig;
  if (isBrokerFile(configFile)) return { configFile, mqtt: loadMqtt(configFile) };
  const config = loadModelFreeConfig(configFile);
  return { config, configFile, mqtt: config.mqtt };
}

/** Without a broker there is no service that could be asked; the port still cannot be opened twice. */
async function findService(
  { broker, prefix }: Arguments,
  config: ModelFreeConfig | undefined,
  mqtt: PublishConfig,
  robotId: string,
): Promise<Service | undefined> {
  const options = { ...mqtt, url: broker ?? mqtt.url, prefix: prefix ?? mqtt.prefix, clientId: undefined };
  try {
    return await Service.find(options, robotId, say);
  } catch (error) {
    if (!(error instanceof UserError) || config === undefined) throw error;
    say(`no service was looked for: ${error.message}`);
    return undefined;
  }
}

async function inService(service: Service, request: Parameters<typeof recordInService>[1]): Promise<Ongoing> {
  try {
    return await recordInService(service, request);
  } catch (error) {
    await service.close();
    throw error;
  }
}

async function here(
  argv: Arguments,
  config: ModelFreeConfig | undefined,
  configFile: string,
  robotId: string,
  request: Parameters<typeof recordInService>[1],
  signal: AbortSignal,
): Promise<Ongoing> {
  if (config === undefined) {
    throw new UserError(
      `robot ${robotId}: found no running service, expected one, or --config that names its port`,
      69,
    );
  }
  const folder = dirname(resolve(configFile));
  return recordHere({ config, configFile, folder, robotId, predict: argv.model, ...request, say, signal });
}

/** Shows the recording and applies the marker file until it ends. */
async function follow(
  { json, markers }: Arguments,
  ongoing: Ongoing,
  labels: readonly string[],
  stopping: AbortController,
): Promise<RecordResult> {
  const onQuit = () => stopping.abort();
  const interactive = process.stdin.isTTY && process.stdout.isTTY && !json;
  const ui = interactive ? new Screen(ongoing, labels, onQuit) : new Lines(ongoing, json);
  const file = markers === undefined ? undefined : new MarkerFile(markers);
  let applying = applyMarkers(file, ongoing, ui, true);
  const timer = setInterval(() => {
    applying = applying.then(() => applyMarkers(file, ongoing, ui, true));
  }, markersMs);
  const stop = async () => {
    clearInterval(timer);
    await applying;
    await applyMarkers(file, ongoing, ui, false);
    await ongoing.stop();
  };
  let problem: Error | undefined;
  const asked = new Promise<void>((done) => {
    const begin = () =>
      void stop().then(undefined, (error: Error) => {
        problem = error;
        done();
      });
    if (stopping.signal.aborted) begin();
    else stopping.signal.addEventListener('abort', begin, { once: true });
  });
  try {
    const result = await Promise.race([ongoing.ended, asked]);
    if (result === undefined) throw problem;
    return result;
  } finally {
    clearInterval(timer);
    ui.close();
  }
}

async function applyMarkers(
  file: MarkerFile | undefined,
  ongoing: Ongoing,
  ui: RecordUi,
  growing: boolean,
): Promise<void> {
  if (file === undefined) return;
  try {
    const due = file.due(originOf(ongoing.startTime), ongoing.elapsedUs, growing);
    // What was marked before the beginning holds at the beginning, the last of it.
    const before = due.filter(({ atUs }) => atUs < 0);
    for (const { label, atUs } of [...before.slice(-1), ...due.slice(before.length)]) {
      await ongoing.label(label, 'file', Math.max(0, atUs));
    }
    if (due.length > 0)
      ui.say(`${due.map(({ label }) => label ?? 'no label').join(', ')} from the marker file`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    ui.say(error.message);
  }
}

const originOf = (startTime: string) => ({ startUs: 0, startTime });

async function labelsUsed(folder: string | undefined): Promise<string[]> {
  if (folder === undefined || !existsSync(folder)) return [];
  return (await listSessions(folder)).flatMap((session) => Object.keys(session.labelS));
}

/** Ctrl-C, a stopped unit, a closed terminal: the session is closed properly. The second time, at once. */
function onSignals(stop: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

function say(text: string): void {
  console.error(text);
}

function print({ json }: Arguments, result: RecordResult): void {
  const { sessionId, files = [], durationS, samples, bytes, labelS = {}, reason } = result;
  if (json) {
    console.log(JSON.stringify({ event: 'end', ...result }));
    return;
  }
  const counted = samples === undefined ? '' : `, ${samples} samples`;
  console.log(`${sessionId}: ${clockText(durationS)}${counted}, ${bytesText(bytes)}`);
  const labels = Object.entries(labelS).map(([label, s]) => `${label} ${clockText(s)}`);
  if (labels.length > 0) console.log(labels.join(', '));
  for (const file of files) console.log(file);
  if (reason !== undefined) console.log(reason);
}
