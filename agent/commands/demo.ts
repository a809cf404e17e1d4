import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Prediction } from '../judge.ts';
import { ownCommand } from '../package-root.ts';
import { type EmbeddedBroker, startEmbeddedBroker } from '../publish/embedded-broker.ts';
import { createLogger } from '../service/log.ts';
import { runService } from '../service/run-service.ts';
import { drive } from '../simulate/drive.ts';
import { openPty } from '../simulate/pty.ts';
import { demoConfig, demoRateHz } from './demo-config.ts';
import { predictionLine } from './prediction-line.ts';
import { version } from './version.ts';

interface Arguments {
  'broker-port': number;
  'dashboard-port': number;
  speed: number;
  seed: number;
  load: number;
  dwell: number;
  count: number;
}

const robotId = 'demo';

export const demoCommand: CommandModule<object, Arguments> = {
  command: 'demo',
  describe: 'Everything at once, without hardware: broker, simulated robot on a pseudo terminal, agent',
  builder: (y) =>
    y.options({
      'broker-port': {
        type: 'number',
        default: 1883,
        describe: 'Port of the broker; another where it is taken',
      },
      'dashboard-port': { type: 'number', default: 8642, describe: 'Port of the dashboard' },
      speed: { type: 'number', default: 1, describe: 'Seconds of the robot in one of ours' },
      seed: { type: 'number', default: 1, describe: 'Another seed is another drive' },
      load: { type: 'number', default: 1, describe: 'Weight as a multiple of the usual one: try 1.5' },
      dwell: { type: 'number', default: 30, describe: 'Seconds on one surface' },
      count: { type: 'number', default: 0, describe: 'End after so many predictions; 0 goes on' },
    }),
  handler: demo,
};

async function demo(argv: Arguments): Promise<void> {
  const logger = createLogger({ level: 'warn' });
  const broker = await orAnyPort(startEmbeddedBroker, argv['broker-port']);
  const pty = await openPty(() => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-demo-'));
  const stop = new AbortController();
  let surface = '';
  let predictions = 0;
  const driving = drive({
    seed: argv.seed,
    rateHz: demoRateHz,
    load: argv.load,
    dwellS: argv.dwell,
    speed: argv.speed,
    onSurface: (label) => {
      surface = label;
    },
    write: async (text) => {
      pty.write(Buffer.from(text));
      await pty.drained();
    },
    signal: stop.signal,
  });
  try {
    await runService({
      config: demoConfig({
        robotId,
        port: pty.path,
        brokerUrl: broker.url,
        folder,
        dashboardPort: argv['dashboard-port'],
      }),
      configFile: 'demo',
      version,
      logger,
      signal: stop.signal,
      onReady: (agent, url) => print(pty.path, broker, url, agent.model().card.description),
      watcher: {
        onPrediction: (prediction: Prediction) => {
          if (stop.signal.aborted) return;
          console.log(predictionLine(prediction, surface));
          if (++predictions === argv.count) stop.abort();
        },
      },
    });
  } finally {
    stop.abort();
    await driving;
    await pty.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(port: string, broker: EmbeddedBroker, url: string | undefined, model: string): void {
  const lines = [
    `robot      simulated, at ${port}; ${demoRateHz} lines a second`,
    `model      ${model}`,
    `broker     ${broker.url}`,
    `dashboard  ${url}`,
    `topics     mosquitto_sub -h 127.0.0.1 -p ${broker.port} -v -t 'underfoot/${robotId}/#'`,
    `           ${ownCommand} watch --broker ${broker.url}`,
    'Ctrl-C ends it. A line a prediction: its end, this window, smoothed, drift, the truth.',
    '',
  ];
  console.log(lines.join('\n'));
}

/** A demo must not fail because somebody has a broker already. */
async function orAnyPort<T>(start: (port: number) => Promise<T>, port: number): Promise<T> {
  try {
    return await start(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return await start(0);
  }
}
