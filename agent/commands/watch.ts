import { randomUUID } from 'node:crypto';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { Connection, type Log } from '../publish/connection.ts';
import { createTopics, levelPattern } from '../publish/topics.ts';
import { type Seen, WatchState } from '../publish/watch-state.ts';
import { type BrokerArguments, brokerOf, brokerOptions } from './broker-arguments.ts';

interface Arguments extends BrokerArguments {
  robot?: string;
  json: boolean;
  count: number;
}

export const watchCommand: CommandModule<object, Arguments> = {
  command: 'watch',
  describe: 'Show what robots report over MQTT',
  builder: (y) =>
    y.options({
      robot: { alias: 'r', type: 'string', requiresArg: true, describe: 'Only this robot; default: all' },
      ...brokerOptions,
      json: { type: 'boolean', default: false, describe: 'Print a line of JSON a report' },
      count: { type: 'number', default: 0, describe: 'End after so many reports; 0 goes on' },
    }),
  handler: watch,
};

async function watch(argv: Arguments): Promise<void> {
  const mqtt = brokerOf(argv);
  if (argv.robot !== undefined && !levelPattern.test(argv.robot)) {
    throw new UserError(
      `--robot: found ${JSON.stringify(argv.robot)}, expected letters, digits, _ and -`,
      64,
    );
  }
  createTopics(mqtt.prefix, argv.robot ?? 'all');
  const state = new WatchState(mqtt.prefix);
  const screen = process.stdout.isTTY && !argv.json ? new Screen(state) : undefined;
  const log = (line: string) => console.error(line);
  await new Promise<void>((resolve, reject) => {
    let seen = 0;
    const connection = new Connection(
      { ...mqtt, clientId: `underfoot-watch-${randomUUID().slice(0, 8)}`, sessionExpiryS: 0 },
      {
        onUp: (client) => client.subscribe(`${mqtt.prefix}/${argv.robot ?? '+'}/+`, { qos: 1 }),
        onDown: () => {},
        onMessage: (topic, payload) => {
          const report = state.update(topic, payload, Date.now());
          if (report === undefined) return;
          if (screen) screen.draw();
          else console.log(argv.json ? JSON.stringify(report.report) : line(report));
          if (++seen === argv.count) end();
        },
      },
      () => undefined,
      { debug: () => {}, info: screen ? () => {} : log, warn: log } satisfies Log,
    );
    const end = () => {
      process.removeListener('SIGINT', end).removeListener('SIGTERM', end);
      void connection.close(1000).then(resolve);
    };
    process.on('SIGINT', end).on('SIGTERM', end);
    connection.start().catch(reject);
    screen?.draw();
  });
}

/** One line a report, for pipes and logs. */
function line({ robotId, name, report }: Seen): string {
  const text = (key: string) => String((report as Record<string, unknown>)[key]);
  const number = (key: string) => Number((report as Record<string, unknown>)[key]).toFixed(2);
  const what: Record<string, () => string> = {
    status: () => text('state'),
    prediction: () =>
      `${text('surface')} ${number('smoothedConfidence')} (${text('label')} ${number('confidence')})`,
    surface: () => `${text('previous')} -> ${text('label')} ${number('confidence')}`,
    drift: () => text('state'),
    diagnostics: () => `${number('sampleRateHz')} Hz`,
    recording: () => text('state'),
    model: () => text('state'),
  };
  return `${report.time}  ${robotId.padEnd(12)} ${name.padEnd(12)} ${what[name]()}`;
}

/** Redraws in place, at most ten times a second. */
class Screen {
  readonly #state: WatchState;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: WatchState) {
    this.#state = state;
  }

  draw(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const rows = (process.stdout.rows ?? 24) - 1;
      const columns = process.stdout.columns ?? 80;
      const lines = this.#state.render(Date.now()).slice(0, rows);
      process.stdout.write(`\x1b[H\x1b[2J${lines.map((l) => l.slice(0, columns)).join('\n')}`);
    }, 100).unref();
  }
}
