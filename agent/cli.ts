#!/usr/bin/env node
import { createRequire } from 'node:module';
import { join } from 'node:path';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { commands } from './commands/index.ts';
import { UserError } from './errors.ts';
import { packageRoot } from './package-root.ts';

/** The command line: the only place that ends the process. */
const { version } = createRequire(import.meta.url)(join(packageRoot, 'package.json')) as { version: string };
const usageExitCode = 64;

const parser = yargs(hideBin(process.argv))
  .scriptName('underfoot')
  .usage('$0 COMMAND\n\nTells a robot what it is driving on, from the current its motors draw.')
  .command([...commands])
  .demandCommand(1, 'Name a command.')
  .strict()
  .completion('completion', 'Print a shell completion script')
  .version(version)
  .alias('h', 'help')
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .exitProcess(false)
  .fail((message, error) => {
    throw error ?? new UserError(`${message} (underfoot --help lists what there is)`, usageExitCode);
  });

// A reader that went away (`underfoot ... | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await parser.parseAsync();
  process.exitCode ??= 0;
} catch (error) {
  if (error instanceof UserError) {
    console.error(`underfoot: ${error.message}`);
    process.exitCode = error.exitCode;
  } else {
    console.error(error);
    process.exitCode = 70;
  }
}
