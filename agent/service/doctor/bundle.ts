import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { stringify } from 'yaml';
import { secretFree } from '../../config/secret-free.ts';
import { UserError } from '../../errors.ts';
import type { CheckResult, Patient } from './check.ts';
import { scrubber } from './scrub.ts';

const journalLines = 2000;
/** So that it can be sent by mail, whatever a log has become: five times this and the model card, before packing. */
const longestPart = 1_000_000;

const journal = `-u underfoot -n ${journalLines} --no-pager -o short-iso`.split(' ');

/**
 * A zip for whoever helps: what doctor found, the configuration, the model card, the unit and the end of the log.
 * Secrets are left out. Throws UserError (73) where `file` cannot be written.
 */
export function writeBundle(file: string, patient: Patient, results: readonly CheckResult[]): void {
  const { run, config, configFile } = patient;
  const card = config && join(config.model, 'card.json');
  const parts: Record<string, string> = {
    'doctor.json': JSON.stringify(results, null, 2),
    'configuration.yaml': config ? stringify(secretFree(config)) : 'not readable, see doctor.json\n',
    'unit.txt': run('systemctl', ['cat', '--no-pager', 'underfoot.service']).output,
    'status.txt': run('systemctl', ['status', '--no-pager', '-l', 'underfoot.service']).output,
    'journal.txt': run('journalctl', journal).output,
    'machine.txt': [run('uname', ['-srm']).output, run('free', ['-m']).output, run('df', ['-h']).output].join(
      '\n\n',
    ),
    ...(card && existsSync(card) ? { 'card.json': readFileSync(card, 'utf8') } : {}),
  };
  const clean = scrubber(configFile);
  const files = Object.fromEntries(
    Object.entries(parts).map(([name, text]) => [name, strToU8(end(clean(text)))]),
  );
  try {
    writeFileSync(file, zipSync(files), { mode: 0o600 });
  } catch (error) {
    throw new UserError(`${file}: cannot be written: ${(error as Error).message}`, 73);
  }
}

/** The end of a text that is too long, since the newest is there, from a whole line on. */
function end(text: string): string {
  if (text.length <= longestPart) return text;
  const cut = text.slice(-longestPart);
  return `(${text.length - longestPart} characters before this are left out)\n${cut.slice(cut.indexOf('\n') + 1)}`;
}
