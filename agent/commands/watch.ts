import { randomUUID } from 'node:crypto';
import { emitKeypressEvents } from 'node:readline';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { Connection, type Log } from '../publish/connection.ts';
import { createTopics, levelPattern } from '../publish/topics.ts';
import { printable, type Seen, WatchState } from '../publish/watch-state.ts';
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
  const log = (text: string) => (screen ? screen.say(text) : console.error(text));
  await new Promise<void>((resolve, reject) => {
    let seen = 0;
    let ended = false;
    const connection = new Connection(
      { ...mqtt, clientId: `underfoot-watch-${randomUUID().slice(0, 8)}`, sessionExpiryS: 0 },
      {
        onUp: (client) => client.subscribe(`${mqtt.prefix}/${argv.robot ?? '+'}/+`, { qos: 1 }),
        onDown: () => {},
        onMessage: (topic, payload) => {
          // One packet of the network may hold more reports than were asked for.
          if (ended) return;
          const report = state.update(topic, payload, Date.now());
          if (report === undefined) return;
          if (screen) screen.draw();
          else console.log(argv.json ? JSON.stringify(report.report) : line(report));
          if (++seen === argv.count) end();
        },
      },
      () => undefined,
      { debug: () => {}, info: log, warn: log } satisfies Log,
    );
    const end = () => {
      ended = true;
      process.removeListener('SIGINT', end).removeListener('SIGTERM', end);
      void connection.close(1000).then(resolve);
    };
    process.on('SIGINT', end).on('SIGTERM', end);
    screen?.onQuit(end);
    connection.start().catch(reject);
  }).finally(() => screen?.close());
}

/** One line a report, for pipes and logs. */
function line({ robotId, name, report }: Seen): string {
  const text = (key: string) => String((report as Record<string, unknown>)[key] ?? 'nothing');
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
  return printable(`${report.time}  ${robotId.padEnd(12)} ${name.padEnd(12)} ${what[name]()}`);
}

/** The terminal's second screen, drawn anew in place at most ten times a second and at least once. */
class Screen {
  readonly #state: WatchState;
  /** What the connection last said. */
  #footer = 'looking for the broker ...';
  #soon: NodeJS.Timeout | undefined;
  readonly #each = setInterval(() => this.draw(), 1000);

  constructor(state: WatchState) {
    this.#state = state;
    process.stdout.write('\x1b[?1049h\x1b[?25l');
    this.draw();
  }

  /** Calls `quit` at q or Ctrl-C, which a raw terminal does not make a signal of. */
  onQuit(quit: () => void): void {
    if (!process.stdin.isTTY) return;
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true);
    process.stdin.on('keypress', (_text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
      if (key.name === 'q' || (key.ctrl && key.name === 'c')) quit();
    });
    process.stdin.resume();
  }

  say(text: string): void {
    this.#footer = printable(text);
    this.draw();
  }

  draw(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      const { rows = 24, columns = 80 } = process.stdout;
      const lines = this.#state.render(Date.now()).slice(0, rows - 1);
      const text = [...lines, process.stdin.isTTY ? `${this.#footer}; q ends` : this.#footer]
        .map((line) => `${line.slice(0, columns)}\x1b[K`)
        .join('\r\n');
      process.stdout.write(`\x1b[H${text}\x1b[J`);
    }, 100);
  }

  close(): void {
    clearInterval(this.#each);
    clearTimeout(this.#soon);
    if (process.stdin.isTTY && !process.stdin.destroyed) process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write('\x1b[?25h\x1b[?1049l');
  }
}
