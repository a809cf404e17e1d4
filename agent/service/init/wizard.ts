import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../errors.ts';
import type { ModelCard } from '../../model/card.ts';
import { loadCard, modelFolder } from '../../model/card-file.ts';
import { listPorts, type PortDescription } from '../../source/ports.ts';
import { source as installFolder } from '../install/installer.ts';
import { withChannels } from './guess.ts';
import type { Guess } from './guessed.ts';
import { baudRates, type Found, findProtocol } from './listen.ts';
import { preview } from './preview.ts';

/** What the person said on the command line; what is missing is asked, or has a default with `yes`. */
export interface InitAnswers {
  out: string;
  force: boolean;
  robot?: string;
  port?: string;
  baud?: number;
  model?: string;
  broker?: string;
  seconds: number;
}

/** How the wizard speaks with the person; `ask` gives the default where nobody is there. */
export interface Person {
  say(line: string): void;
  ask(question: string, fallback: string): Promise<string>;
}

const polledNames = 'vesc, odrive, roboclaw, roboteq, create or dynamixel';

/** Finds the port, listens, guesses, and writes a configuration that has been checked. Returns its path. */
export async function runInit(answers: InitAnswers, person: Person): Promise<string> {
  const { out: output } = answers;
  if (existsSync(output) && !answers.force && !isExample(output)) {
    throw new UserError(`${output}: is there already; --force replaces it, --out FILE writes another`, 73);
  }
  const port = answers.port ?? (await choosePort(person));
  const rates = answers.baud ? [answers.baud] : baudRates;
  const found = await findProtocol(port, rates, answers.seconds, (baudRate) =>
    person.say(`listening on ${port} at ${baudRate} baud, sending nothing ...`),
  );
  const guess = explain(found, port, person);
  const card = await chooseModel(answers, person);
  checkFields(guess, card.card);
  const config = {
    robotId: answers.robot ?? (await person.ask('Name of this robot', 'robot-1')),
    source: { kind: 'serial', port, baudRate: found.baudRate },
    protocol: withChannels(
      guess,
      card.card.channels.map((channel) => channel.name),
    ),
    model: card.name,
    mqtt: { url: answers.broker ?? (await person.ask('MQTT broker', 'mqtt://127.0.0.1:1883')) },
  };
  save(output, config);
  person.say(`${output}: written and checked`);
  compareRates(guess, card.card, person);
  return output;
}

/** The configuration that an installation brings is there to be replaced. */
function isExample(file: string): boolean {
  return readFileSync(file, 'utf8') === readFileSync(join(installFolder, 'underfoot.yaml'), 'utf8');
}

async function choosePort(person: Person): Promise<string> {
  const ports = await listPorts();
  if (ports.length === 0) {
    throw new UserError(
      'no serial port: is the board plugged in, and does its cable carry data? (--port names one)',
      69,
    );
  }
  for (const [i, port] of ports.entries()) person.say(`  ${i + 1}  ${portLine(port)}`);
  const answer = await person.ask('Port (number or path)', '1');
  const index = Number(answer);
  if (!Number.isInteger(index)) return answer;
  const chosen = ports[index - 1];
  if (!chosen) throw new UserError(`found port ${answer}, expected 1 to ${ports.length}`, 64);
  return chosen.path;
}

function portLine({ path, device, manufacturer }: PortDescription): string {
  const stable = path === device ? '' : ` (now ${device})`;
  return `${path}${stable}${manufacturer ? `  ${manufacturer}` : ''}`;
}

function explain(found: Found, port: string, person: Person): Guess {
  const { heard, guess } = found;
  if (heard.bytes.length === 0) {
    throw new UserError(
      `${port}: nothing was heard; a device that must be asked (${polledNames}) is configured by hand: docs/config.md`,
      69,
    );
  }
  for (const line of preview(heard.bytes)) person.say(`  | ${line}`);
  if (!guess) {
    throw new UserError(
      `${port}: ${heard.bytes.length} bytes were heard that make no known sense; ` +
        'check the baud rate (--baud), or configure by hand: docs/config.md',
      65,
    );
  }
  person.say(
    `this is ${guess.protocol.name} at ${found.baudRate} baud, ${guess.framesPerS.toFixed(1)} readings a second, ` +
      `${(100 * guess.share).toFixed(0)} % understood`,
  );
  for (const field of guess.fields) person.say(`  ${field.key}: ${field.min} to ${field.max}`);
  return guess;
}

async function chooseModel(answers: InitAnswers, person: Person): Promise<{ name: string; card: ModelCard }> {
  const name = answers.model ?? (await person.ask('Model (name or folder)', 'demo-six-surfaces'));
  const folder = modelFolder(name);
  return { name: /^[A-Za-z0-9_-]+$/.test(name) && !existsSync(name) ? name : folder, card: loadCard(folder) };
}

function checkFields({ fields }: Guess, card: ModelCard): void {
  if (fields.length >= card.channels.length) return;
  const names = card.channels.map((channel) => channel.name).join(', ');
  throw new UserError(
    `found ${fields.length} numbers a reading, expected ${card.channels.length} for model ${card.name} (${names})`,
    65,
  );
}

function compareRates(guess: Guess, card: ModelCard, person: Person): void {
  const { framesPerS } = guess;
  if (framesPerS < 0.9 * card.rateHz) {
    person.say(
      `careful: the device sends ${framesPerS.toFixed(1)} readings a second and the model was made for ${card.rateHz}: ` +
        'what is not measured cannot be interpolated; send faster, or train at this rate',
    );
  }
  if (card.simulated) person.say('careful: this model was trained on a simulated robot; train one on yours');
}

/** Written beside, checked as a start would check it, then renamed: a bad one is never left behind. */
function save(output: string, config: object): void {
  const fresh = `${output}.new`;
  const head = '# Written by `underfoot init`; every key: docs/config.md, or `underfoot config reference`.\n';
  try {
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(fresh, head + stringify(config), { mode: 0o640 });
    // Written by root it must still be read by the service, whose group has the folder.
    const { uid, gid } = statSync(dirname(output));
    if (process.getuid?.() === 0) chownSync(fresh, uid, gid);
  } catch (error) {
    throw new UserError(`${output}: cannot be written: ${(error as Error).message}`, 73);
  }
  try {
    loadConfig(fresh);
    renameSync(fresh, output);
  } finally {
    rmSync(fresh, { force: true });
  }
}
