import { createInterface } from 'node:readline/promises';
import type { CommandModule } from 'yargs';
import { type InitAnswers, type Person, runInit } from '../service/init/wizard.ts';

interface Arguments extends InitAnswers {
  yes: boolean;
}

export const initCommand: CommandModule<object, Arguments> = {
  command: 'init',
  describe: 'Find the sensor, guess what it speaks, and write a configuration',
  builder: (y) =>
    y.options({
      out: {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        default: '/etc/underfoot/underfoot.yaml',
        describe: 'File to write',
      },
      force: { type: 'boolean', default: false, describe: 'Replace the file where there is one' },
      yes: { alias: 'y', type: 'boolean', default: false, describe: 'Ask nothing, take the defaults' },
      robot: { type: 'string', requiresArg: true, describe: 'Name of this robot' },
      port: { type: 'string', requiresArg: true, describe: 'Serial port' },
      baud: { type: 'number', requiresArg: true, describe: 'Bits a second; default: tries the usual ones' },
      model: { type: 'string', requiresArg: true, describe: 'Model folder or name' },
      broker: { type: 'string', requiresArg: true, describe: 'MQTT broker' },
      seconds: {
        type: 'number',
        default: 3,
        requiresArg: true,
        describe: 'Seconds to listen at each baud rate',
      },
    }),
  async handler(argv) {
    const { person, close } = argv.yes || !process.stdin.isTTY ? silentPerson() : terminalPerson();
    try {
      const file = await runInit(argv, person);
      console.log(`Next: underfoot config check ${file}, then: sudo systemctl restart underfoot`);
    } finally {
      close();
    }
  },
};

const say = (line: string): void => console.log(line);

function silentPerson(): { person: Person; close: () => void } {
  return { person: { say, ask: async (_question, fallback) => fallback }, close: () => undefined };
}

function terminalPerson(): { person: Person; close: () => void } {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ask = async (question: string, fallback: string): Promise<string> =>
    (await terminal.question(`${question} [${fallback}] `)).trim() || fallback;
  return { person: { say, ask }, close: () => terminal.close() };
}
