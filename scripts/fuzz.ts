/**
 * Fuzzes the decoders: `npx tsx scripts/fuzz.ts [--engine random|guided] [--minutes 10] [--seed 1] [SUBJECT...]`.
 * Prints a line of JSON for each subject (scripts/fuzz/subjects.ts) and ends with 1 when one failed.
 */
import { parseArgs } from 'node:util';
import { fuzzGuided } from './fuzz/guided.ts';
import { fuzzRandomly } from './fuzz/random.ts';
import { subjects } from './fuzz/subjects.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'random' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const seconds = 60 * Number(values.minutes);
const names = positionals.length > 0 ? positionals : [...subjects.keys()];
const unknown = names.filter((name) => !subjects.has(name));
if (unknown.length > 0 || !(seconds > 0) || !['random', 'guided'].includes(values.engine)) {
  console.error(
    `usage: fuzz.ts [--engine random|guided] [--minutes N] [${[...subjects.keys()].join('|')}]...`,
  );
  process.exit(64);
}
for (const subject of names) {
  const findings =
    values.engine === 'guided'
      ? await fuzzGuided(subject, seconds)
      : fuzzRandomly(subject, seconds, Number(values.seed));
  console.log(JSON.stringify({ subject, engine: values.engine, ...findings }));
  if (findings.failure) process.exitCode = 1;
}
