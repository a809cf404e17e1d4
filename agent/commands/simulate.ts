import { existsSync, lstatSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import type { CommandModule } from 'yargs';
import { loadConfig } from '../config/load.ts';
import { UserError } from '../errors.ts';
import { type ProtocolSpec, protocolSchema } from '../protocol/registry.ts';
import { createSimulatedDevice } from '../simulate/devices/registry.ts';
import { SimulatedRobot } from '../simulate/robot.ts';
import { RobotCurrent } from '../simulate/robot-current.ts';
import { serveDevice } from '../simulate/serve.ts';
import { surfaces } from '../simulate/surfaces.ts';

const channels = ['curL', 'curR'];

/** Specifications that a protocol's name alone stands for: the channels of the demo model, where it has names. */
const typical: Record<ProtocolSpec['name'], object> = {
  text: {
    header: ['time_us', 'curL', 'curR'],
    columns: channels,
    time: { column: 'time_us', unit: 'us', wrapBits: 32 },
  },
  plotter: { columns: channels },
  json: { columns: channels, time: { path: 't', unit: 'ms', wrapBits: 32 } },
  underfoot: { channels },
  vesc: { controllers: ['local', 1], channels },
  odrive: { channels },
  roboclaw: { channels },
  roboteq: { channels },
  create: { channels },
  dynamixel: { channels },
};
const names = Object.keys(typical) as ProtocolSpec['name'][];

interface Arguments {
  protocol?: ProtocolSpec['name'];
  config?: string;
  portLink?: string;
  writeConfig?: string;
  label?: string[];
  dwell: number;
  rate: number;
  load: number;
  seed: number;
  json: boolean;
}

export const simulateCommand: CommandModule<object, Arguments> = {
  command: 'simulate',
  describe: 'Run a simulated motor controller of a simulated robot behind a pseudo terminal',
  builder: (y) =>
    y
      .options({
        protocol: { alias: 'p', choices: names, describe: 'What the device speaks, with typical settings' },
        config: {
          alias: 'c',
          type: 'string',
          requiresArg: true,
          describe: "Speak as a robot's configuration expects it",
        },
        'port-link': {
          type: 'string',
          requiresArg: true,
          describe: 'Symbolic link to make, so that the port has a name that stays',
        },
        'write-config': {
          type: 'string',
          requiresArg: true,
          conflicts: 'config',
          describe: 'Write a configuration that reads it, for `underfoot run`',
        },
        label: {
          type: 'string',
          array: true,
          requiresArg: true,
          choices: surfaces.map((surface) => surface.label),
          describe: 'Surfaces in the order driven; default: all of them',
        },
        dwell: { type: 'number', default: 40, describe: 'Seconds on one surface' },
        rate: {
          type: 'number',
          default: 50,
          describe: 'Readings a second of a device that talks by itself',
        },
        load: { type: 'number', default: 1, describe: 'Weight as a multiple of the usual one' },
        seed: { type: 'number', default: 1, describe: 'Another seed is another drive' },
        json: { type: 'boolean', default: false, describe: 'Print JSON' },
      })
      .conflicts('protocol', 'config')
      .check((argv) => {
        if (!argv.config && !argv.protocol) {
          throw new UserError(`simulate: found neither --protocol (${names.join(', ')}) nor --config`, 64);
        }
        for (const key of ['dwell', 'rate', 'load'] as const) {
          if (!(argv[key] > 0))
            throw new UserError(`simulate: --${key}: found ${argv[key]}, expected above 0`, 64);
        }
        return true;
      }),
  handler: simulate,
};

async function simulate(argv: Arguments): Promise<void> {
  const spec = argv.config
    ? loadConfig(argv.config).protocol
    : protocolSchema.parse({ name: argv.protocol, ...typical[argv.protocol!] });
  const rateHz = Math.max(50, argv.rate);
  const robot = new SimulatedRobot({
    seed: argv.seed,
    rateHz,
    labels: argv.label ?? [],
    dwellS: argv.dwell,
    load: argv.load,
  });
  const current = new RobotCurrent(robot, rateHz);
  const served = await serveDevice(createSimulatedDevice(spec, current.at, argv.rate));
  const { path } = served;
  // Before anybody can read where the port is, and end us.
  const stopped = interrupted();
  if (argv.portLink) link(path, argv.portLink);
  if (argv.writeConfig) writeConfig(argv.writeConfig, argv.protocol!, resolve(argv.portLink ?? path));
  const say = (what: object, text: string) => console.log(argv.json ? JSON.stringify(what) : text);
  say({ port: path, link: argv.portLink, protocol: spec }, `${spec.name} device at ${argv.portLink ?? path}`);

  let label = '';
  const watch = setInterval(() => {
    if (current.label === label) return;
    label = current.label;
    say({ surface: label }, `on ${label}`);
  }, 200);
  await stopped;
  clearInterval(watch);
  if (argv.portLink) rmSync(argv.portLink, { force: true });
  await served.close();
  const { commands, misunderstood } = served.device;
  const { droppedBytes } = served;
  say(
    { commands, misunderstood, droppedBytes },
    `received ${commands} commands beyond reading, ${misunderstood} misunderstood; dropped ${droppedBytes} bytes that nobody read`,
  );
}

/** A whole configuration with the demo model. Throws UserError (73) where a file is there already or none can be made. */
function writeConfig(file: string, name: ProtocolSpec['name'], port: string): void {
  const config = {
    robotId: 'simulated',
    source: { kind: 'serial', port },
    protocol: { name, ...typical[name] },
    model: 'demo-six-surfaces',
    mqtt: {},
  };
  try {
    writeFileSync(file, stringify(config), { flag: 'wx' });
  } catch (error) {
    throw new UserError(`--write-config: ${(error as Error).message}, expected a new file`, 73);
  }
}

/** Replaces an old link, but nothing else. */
function link(path: string, at: string): void {
  const old = lstatSync(at, { throwIfNoEntry: false });
  if (old?.isSymbolicLink()) rmSync(at);
  else if (old || existsSync(at)) {
    throw new UserError(`--port-link: found a file at ${at}, expected nothing or an old link`, 73);
  }
  symlinkSync(path, at);
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
