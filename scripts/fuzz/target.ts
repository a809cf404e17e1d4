/** What jazzer.js calls: the first byte says how many of the next ones are lengths of chunks, the rest is the line. */
import { appendFileSync } from 'node:fs';
import { check } from './check.ts';
import { subjects } from './subjects.ts';

const spec = subjects.get(process.env.UNDERFOOT_FUZZ_SUBJECT ?? '');
if (spec === undefined) throw new Error('UNDERFOOT_FUZZ_SUBJECT: expected one of scripts/fuzz/subjects.ts');
const report = process.env.UNDERFOOT_FUZZ_REPORT;
let worst = 0;

export function fuzz(data: Buffer): void {
  const cutCount = data.length === 0 ? 0 : data[0] % 5;
  const resyncBytes = check(spec!, data.subarray(1 + cutCount), data.subarray(1, 1 + cutCount));
  if (resyncBytes <= worst) return;
  worst = resyncBytes;
  if (report) appendFileSync(report, `${worst}\n`);
}
