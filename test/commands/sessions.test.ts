import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import yargs from 'yargs';
import { sessionsCommand } from '../../agent/commands/sessions.ts';
import { datasetOf } from '../../agent/session/dataset.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { testFolder } from '../session/helpers.ts';

const root = testFolder('sessions-command');

/** Runs `underfoot sessions ARGUMENTS` in this process: what it printed, and its exit code. */
async function run(...words: string[]): Promise<{ text: string; code: number }> {
  const printed: string[] = [];
  const { log } = console;
  console.log = (line: string) => void printed.push(line);
  process.exitCode = undefined;
  try {
    await yargs(['sessions', ...words])
      .command(sessionsCommand)
      .strict()
      .exitProcess(false)
      .fail((m, e) => {
        throw e ?? new Error(m);
      })
      .parseAsync();
    return { text: printed.join('\n'), code: Number(process.exitCode ?? 0) };
  } finally {
    console.log = log;
    process.exitCode = undefined;
  }
}
const json = async (...words: string[]) => JSON.parse((await run(...words, '--json')).text);

/** Two surfaces, two recordings each, at 10 Hz. */
function csvFolder(): string {
  const folder = mkdtempSync(join(root, 'csv-'));
  for (const [label, name, rows] of [
    ['ICE', 'a', 600],
    ['ICE', 'b', 300],
    ['SNOW', 'a', 450],
    ['SNOW', 'b', 250],
  ] as const) {
    mkdirSync(join(folder, label), { recursive: true });
    const lines = Array.from({ length: rows }, (_, i) => `${i / 10},${Math.sin(i).toFixed(4)},${i % 7}`);
    writeFileSync(join(folder, label, `${name}.csv`), `time,curL,curR\n${lines.join('\n')}\n`);
  }
  return folder;
}
const windows = ['--rate', '10', '--channels', 'curL,curR', '--steps', '100', '--stride', '20'];

test('CSV recordings become sessions and give the very same training windows', async () => {
  const csv = csvFolder();
  const folder = join(root, 'imported');
  const written = await json('import', csv, '-r', 'husky', '-f', folder, '--note', 'from CSV');
  assert.equal(written.length, 4);
  const spec = { channels: [{ name: 'curR', unit: 'A' }], rateHz: 10, steps: 100, stride: 20 };
  const [before, after] = [csv, folder].map((path) => datasetOf(recordingsIn(path), spec));
  assert.ok(before.n > 20);
  assert.deepEqual(after.x, before.x);
  assert.deepEqual(after.y, before.y);
  const listed = await json('list', '-f', folder);
  assert.deepEqual(
    listed.map((s: { id: string; labelS: object }) => [s.id, Object.keys(s.labelS)]),
    [
      ['ICE_a', ['ICE']],
      ['ICE_b', ['ICE']],
      ['SNOW_a', ['SNOW']],
      ['SNOW_b', ['SNOW']],
    ],
  );
  const info = await json('info', 'ICE_a', '-f', folder);
  assert.deepEqual([info.note, info.samples, info.channels], ['from CSV', 600, ['curL', 'curR']]);
  const { text } = await run('info', 'ICE_a', '-f', folder);
  assert.match(text, /^length +0:59\nsamples +600\nsize .*\nlabels +ICE 0:59$/m);
  assert.match(text, /^channels +curL, curR$/m);
  assert.match(text, /^imported +file .*a\.csv, sha256 [0-9a-f]{64}$/m);
  assert.doesNotMatch(text, /[{}[\]"]/, 'for people, not JSON');
  assert.match((await run('list', '-f', folder)).text, /ICE_a +husky +0:59/);
  // A second time, what is there already is left as it is, and what is new or was bad before comes in.
  writeFileSync(join(csv, 'ICE', 'c.csv'), 'time,curL,curR\n0,1,1\n0,2,2\n');
  const again = await run('import', csv, '-r', 'husky', '-f', folder, '--json');
  const problems = JSON.parse(again.text).map((r: { problem?: string }) => r.problem ?? '');
  assert.equal(again.code, 73);
  assert.match(problems[0], /ICE_a-0001.mcap: is there already/);
  assert.match(problems[2], /c.csv: line 3: found time 0 after 0/);
  writeFileSync(join(csv, 'ICE', 'c.csv'), 'time,curL,curR\n0,1,1\n1,2,2\n');
  const fixed = await json('import', csv, '-r', 'husky', '-f', folder);
  assert.deepEqual(
    fixed.map((r: { ok: boolean }) => r.ok),
    [false, false, true, false, false],
  );
});

test('a session is labelled, trimmed, split, exported and balanced from the command line', async () => {
  const folder = join(root, 'edited');
  await run('import', csvFolder(), '-r', 'husky', '-f', folder);
  const { labels } = await json('label', 'ICE_a', 'GRASS', '--from', '10', '--to', '20', '-f', folder);
  assert.deepEqual(
    labels.map((l: { label: string }) => l.label),
    ['ICE', 'GRASS', 'ICE'],
  );
  assert.equal((await json('split', 'ICE_a', '-f', folder)).length, 3);
  assert.equal((await json('trim', 'SNOW_b', '--from', '5', '--to', '15', '-f', folder)).samples, 100);
  const markers = join(root, 'markers.csv');
  writeFileSync(markers, 'time,label\n0,MUD\n3,\n');
  const marked = await json('label', 'ICE_b', '--markers', markers, '-f', folder);
  assert.deepEqual(
    marked.labels.map((l: { label: string | null }) => l.label),
    ['MUD', null],
  );
  const out = join(root, 'out');
  await run('export', '--format', 'csv', '--by-label', '-o', out, '-f', folder);
  assert.deepEqual(readdirSync(out).sort(), ['GRASS', 'ICE', 'MUD', 'SNOW']);
  assert.equal(
    readFileSync(join(out, 'GRASS', 'ICE_a_2.csv'), 'utf8').split('\n')[0],
    'time,curL,curR,label',
  );
  const parquet = await json('export', 'SNOW_a', '--format', 'parquet', '-o', out, '-f', folder);
  assert.deepEqual(parquet, [{ file: join(out, 'husky', 'SNOW_a.parquet'), rows: 450 }]);
  const npz = join(root, 'windows.npz');
  const balanced = await json('balance', '-f', folder, ...windows, '-o', npz);
  const counts = Object.values(balanced.after).map((c) => (c as { windows: number }).windows);
  assert.ok(counts.filter((n) => n > 0).every((n) => n === Math.max(...counts)));
  assert.ok(existsSync(npz));
});

test('verify finds the damaged file among the good ones and ends with 65; recover repairs a partial one', async () => {
  const folder = join(root, 'damaged');
  await run('import', csvFolder(), '-r', 'husky', '-f', folder);
  assert.equal((await run('verify', '-f', folder)).code, 0);
  const file = join(folder, 'ICE_a-0001.mcap');
  truncateSync(file, 3000);
  const { text, code } = await run('verify', '-f', folder, '--json');
  assert.equal(code, 65);
  assert.deepEqual(
    JSON.parse(text).map((r: { ok: boolean }) => r.ok),
    [false, true, true, true],
  );
  const csv = join(root, 'damaged-csv');
  assert.equal((await run('export', '--format', 'csv', '-o', csv, '-f', folder)).code, 65);
  writeFileSync(`${file}.partial`, readFileSync(join(folder, 'SNOW_a-0001.mcap')).subarray(0, -100));
  writeFileSync(file, '');
  const refused = await run('recover', '-f', folder, '--json');
  assert.equal(refused.code, 65);
  const [damaged, partial] = JSON.parse(refused.text);
  assert.match(damaged.problem, /found an empty file/);
  assert.match(partial.problem, /is there already/);
  assert.equal((await run('recover', `${file}.partial`)).code, 73, 'the exit code says why');
  const foreign = join(folder, 'foreign.mcap');
  writeFileSync(foreign, 'PNG and so on');
  assert.match((await run('verify', foreign)).text, /expected an MCAP session file/);
  assert.equal((await run('info', foreign)).code, 65);
});

test('an export of a folder leaves out what is damaged or being recorded, and one by name is refused', async () => {
  const folder = join(root, 'cut');
  await run('import', csvFolder(), '-r', 'husky', '-f', folder);
  const file = join(folder, 'ICE_a-0001.mcap');
  truncateSync(file, statSync(file).size - 20);
  assert.match((await run('list', '-f', folder)).text, /damaged/);
  await assert.rejects(run('export', 'ICE_a', '-f', folder, '--format', 'csv', '-o', folder), /damaged file/);
  const out = join(root, 'cut-csv');
  const others = await run('export', '-f', folder, '--format', 'csv', '-o', out);
  assert.deepEqual([others.code, readdirSync(out).length], [65, 3], 'the others are exported');
  renameSync(join(folder, 'ICE_b-0001.mcap'), join(folder, 'ICE_b-0001.mcap.partial'));
  rmSync(file);
  const open = await run('export', '-f', folder, '--format', 'csv', '-o', out);
  assert.equal(open.code, 0, 'a session that is being recorded is no fault');
  assert.equal(open.text.split('\n').length, 2);
});

test('a file that lost its end on the way is repaired by recover, which keeps it', async () => {
  const folder = join(root, 'lost');
  await run('import', csvFolder(), '-r', 'husky', '-f', folder);
  const file = join(folder, 'ICE_a-0001.mcap');
  truncateSync(file, statSync(file).size - 20);
  const [recovered] = await json('recover', '-f', folder);
  assert.deepEqual([recovered.ok, recovered.file, recovered.samples], [true, file, 600]);
  assert.equal((await run('verify', '-f', folder)).code, 0);
  assert.ok(existsSync(`${file}.damaged`));
});

test('what makes no sense is refused with what was found and what was expected', async () => {
  const folder = join(root, 'refused');
  await run('import', csvFolder(), '-r', 'husky', '-f', folder);
  await assert.rejects(run('list', '-f', join(root, 'nowhere')), /cannot be read: found no such file/);
  await assert.rejects(run('info', 'nothing', '-f', folder), /found no session nothing/);
  await assert.rejects(
    run('trim', 'ICE_a', '--from', '5', '--to', '2', '-f', folder),
    /ICE_a: found --from 5 --to 2, expected a stretch within its/,
  );
  const before = readdirSync(folder);
  await assert.rejects(
    run('split', 'ICE_a', '--at', '2', '--at', '9999', '-f', folder),
    /ICE_a: found --at 2 9999, expected different times within its/,
  );
  assert.deepEqual(readdirSync(folder), before, 'no piece is written');
  for (const [option, value] of [
    ['stride', '0'],
    ['steps', '10.5'],
  ])
    await assert.rejects(
      run('balance', '--rate', '25', '--channels', 'curL', `--${option}`, value, '-f', folder),
      new RegExp(`--${option}: found ${value}, expected a whole number above 0`),
    );
  await assert.rejects(
    run('label', 'ICE_a', '-f', folder),
    /found 0 of LABEL, --none and --markers, expected one/,
  );
  await assert.rejects(run('label', 'ICE_a', 'a b', '-f', folder), /expected letters, digits/);
  await assert.rejects(
    run('label', 'ICE_a', 'MUD', '--from', '20', '--to', '10', '-f', folder),
    /expected a stretch/,
  );
  await assert.rejects(
    run('label', 'ICE_a', 'MUD', '--from', '5000', '-f', folder),
    /--from 5000 --to the end, expected a stretch within its 59\.9 s/,
  );
  await assert.rejects(
    run('trim', 'ICE_a', '--from', '99999', '-f', folder),
    /found --from 99999 --to the end, expected a stretch within its 59.9 s/,
  );
  await assert.rejects(run('trim', 'ICE_a', '--as', '../x', '-f', folder), /--as: found "..\/x"/);
  await assert.rejects(run('balance', '-f', folder), /found neither --model nor both --rate and --channels/);
  await assert.rejects(
    run('balance', '-f', folder, '--rate', '10', '--channels', 'x'),
    /found channels curL, curR/,
  );
  await assert.rejects(run('import', join(root, 'nowhere'), '-r', 'a', '-f', folder), /cannot be read/);
  await assert.rejects(run('import', folder, '-r', 'a/b', '-f', folder), /--robot: found "a\/b"/);
});
