#!/usr/bin/env node
import { hideBin } from 'yargs/helpers';
import { commandLine } from './command-line.ts';
import { UserError } from './errors.ts';

/** The command line: the only place that ends the process. */
// A reader that went away (`underfoot ... | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await commandLine(hideBin(process.argv)).parseAsync();
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
