import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { stringify } from 'yaml';
import { secretFree } from '../../config/secret-free.ts';
import { UserError } from '../../errors.ts';
import type { CheckResult, Patient } from './check.ts';

const journalLines = 2000;

/**
 * A zip for whoever helps: what doctor found, the configuration, the model card, the unit and the log. Secrets are left
 * out: values of secret keys, credentials in URLs, and wherever else the content of a secret file turns up.
 */
export function writeBundle(file: string, patient: Patient, results: readonly CheckResult[]): void {
  const { run, config } = patient;
  const card = config && join(config.model, 'card.json');
  const parts: Record<string, string> = {
    'doctor.json': JSON.stringify(results, null, 2),
    'configuration.yaml': config ? stringify(secretFree(config)) : 'not readable, see doctor.json\n',
    'unit.txt': run('systemctl', ['cat', '--no-pager', 'underfoot.service']).output,
    'status.txt': run('systemctl', ['status', '--no-pager', '-l', 'underfoot.service']).output,
    'journal.txt': run('journalctl', [
      '-u',
      'underfoot',
      '-n',
      String(journalLines),
      '--no-pager',
      '-o',
      'short-iso',
    ]).output,
    'machine.txt': [run('uname', ['-srm']).output, run('free', ['-m']).output, run('df', ['-h']).output].join(
      '\n\n',
    ),
    ...(card && existsSync(card) ? { 'card.json': readFileSync(card, 'utf8') } : {}),
  };
  const clean = scrubber(config);
  const files = Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, strToU8(clean(text))]));
  try {
    writeFileSync(file, zipSync(files), { mode: 0o600 });
  } catch (error) {
    throw new UserError(`${file}: cannot be written: ${(error as Error).message}`, 73);
  }
}

/** Takes the contents of all secret files that the configuration names out of a text. */
function scrubber(config: Patient['config']): (text: string) => string {
  const secrets = config ? secretsIn(config) : [];
  return (text) => {
    let clean = text.replace(/:\/\/[^/@\s]+@/g, '://(hidden)@');
    for (const secret of secrets) clean = clean.replaceAll(secret, '(hidden)');
    return clean;
  };
}

function secretsIn(value: unknown, key = ''): string[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, item]) => secretsIn(item, name));
  }
  if (typeof value !== 'string' || !/(password|username|token|key)File$/i.test(key)) return [];
  try {
    const content = readFileSync(value, 'utf8').trim();
    // A shorter one would black out half of the log and is no secret.
    return content.length >= 4 ? [content] : [];
  } catch {
    return [];
  }
}
