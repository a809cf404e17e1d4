import { createRequire } from 'node:module';
import { join } from 'node:path';
import yargs from 'yargs';
import { exitCodes, withExamples } from './commands/examples.ts';
import { commands } from './commands/index.ts';
import { UserError } from './errors.ts';
import { packageRoot } from './package-root.ts';

const { version } = createRequire(import.meta.url)(join(packageRoot, 'package.json')) as { version: string };
const usageExitCode = 64;

/** The parser of the words of a command line; a wrong word is a UserError (64). */
export function commandLine(words: readonly string[]) {
  return yargs([...words])
    .scriptName('underfoot')
    .usage('$0 COMMAND\n\nTells a robot what it is driving on, from the current its motors draw.')
    .command(withExamples(commands))
    .demandCommand(1, 'Name a command.')
    .strict()
    .completion('completion', 'Print a shell completion script')
    .version(version)
    .alias('h', 'help')
    .epilogue(exitCodes)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UserError(`${message} (${helpFor(words)} lists what there is)`, usageExitCode);
    });
}

/** The help that knows the words of a command line: that of its command, where it names one. */
function helpFor([first]: readonly string[]): string {
  const known = commands.some(({ command }) => String(command).split(' ')[0] === first);
  return known ? `underfoot ${first} --help` : 'underfoot --help';
}
