import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { DataError, UserError } from '../../agent/errors.ts';
import { rowsOf } from '../../agent/session/csv.ts';
import { listRecordings, readRecordings, recordingsIn } from '../../agent/session/recordings.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-csv-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function write(text: string, name = `case-${count++}.csv`): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
function only(text: string, channels?: string[]) {
  const file = write(text);
  const all = readRecordings({ label: undefined, id: 'x', file }, { channels });
  assert.equal(all.length, 1);
  return all[0];
}
function refuses(text: string, message: RegExp, channels?: string[]): void {
  assert.throws(
    () => only(text, channels),
    (error: unknown) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /case-\d+\.csv/);
      return true;
    },
  );
}

test('columns are picked by name and come in the order asked for', () => {
  const recording = only('velL,curR,time,curL\n9,2.5,0,1\n9,4,0.5,-3e-1\n', ['curL', 'curR']);
  assert.deepEqual([...recording.timeUs], [0, 500_000]);
  assert.deepEqual([...recording.values], [1, 2.5, -0.3, 4]);
  assert.deepEqual(recording.channels, ['curL', 'curR']);
  assert.deepEqual(recording.spans, [{ label: undefined, from: 0, to: 2 }]);
});

test('a byte order mark, CRLF, quotes, blanks and trailing empty lines are accepted', () => {
  const recording = only('\uFEFF"time", cur\r\n0, 1\r\n1 ,"2"\r\n\r\n\n');
  assert.deepEqual([...recording.values], [1, 2]);
});

test('a file without a last line end keeps its last row', () => {
  assert.equal(only('time,cur\n0,1\n1,2').rows, 2);
});

test('every kind of damage is refused with line, found and expected', () => {
  refuses('', /found an empty file, expected a header/);
  refuses('time,cur\n', /found no rows/);
  refuses('cur\n1\n', /line 1: found columns cur, expected a column "time"/);
  refuses('time,cur\n0,1\n', /line 1: found columns time,cur, expected a column "curL"/, ['curL']);
  refuses('time,cur,cur\n0,1,2\n', /line 1: found column "cur" twice/);
  refuses('time\n0\n', /line 1: .*expected at least one channel/);
  refuses('time,cur\n0,1\n1\n', /line 3: found 1 columns, expected 2 columns/);
  refuses('time,cur\n0,1,2\n', /line 2: found 3 columns/);
  refuses('time,cur\n0,1\n1,NaN\n', /line 3: found cur "NaN", expected a finite number/);
  refuses('time,cur\n0,\n', /line 2: found cur ""/);
  refuses('time,cur\n0,0x10\n', /line 2: found cur "0x10"/);
  refuses('time,cur\n0,1e999\n', /line 2: found cur "1e999"/);
  refuses('time,cur\nInfinity,1\n', /line 2: found time "Infinity"/);
  refuses('time,cur\n0,1\n\n1,1\n', /line 3: found an empty line/);
  refuses('time,cur\n0,1\n2,1\n1.5,1\n', /line 4: found time 1.5 after 2, expected a time that goes forward/);
  refuses('time,cur\n0,1\n0,1\n', /line 3: found time 0 after 0/);
  refuses(`time,cur\n${'1'.repeat(200_000)}`, /line 2: found no line end/);
  refuses('time,cur,label\n0,1,A B\n', /line 2: found label "A B"/);
});

test('damage in a column that is not read does not matter', () => {
  assert.equal(only('time,cur,vel\n0,1,nan\n', ['cur']).rows, 1);
});

test('a label column gives spans, an empty cell means no label', () => {
  const recording = only('time,cur,label\n0,1,ICE\n1,1,ICE\n2,1,\n3,1,SNOW\n');
  assert.deepEqual(recording.spans, [
    { label: 'ICE', from: 0, to: 2 },
    { label: undefined, from: 2, to: 3 },
    { label: 'SNOW', from: 3, to: 4 },
  ]);
  assert.deepEqual(recording.channels, ['cur']);
});

test('a recording column splits one file into recordings, each with its own clock', () => {
  const file = write('time,cur,label,recording\n0,1,ICE,a\n1,1,ICE,a\n0,2,SNOW,b\n', 'many.csv');
  const found = [...recordingsIn(file)];
  assert.deepEqual(
    found.map((r) => [r.id, r.rows, r.spans[0].label]),
    [
      ['many/a', 2, 'ICE'],
      ['many/b', 1, 'SNOW'],
    ],
  );
  refuses('time,cur,recording\n0,1,a\n0,1,b\n1,1,a\n', /line 4: found recording a a second time/);
});

test('a folder of labels and flat files is listed in order', () => {
  for (const name of [
    'd/SNOW/b.csv',
    'd/SNOW/a.csv',
    'd/ICE/z.CSV',
    'd/flat.csv',
    'd/README.md',
    'd/.x.csv',
  ]) {
    write('time,cur\n0,1\n', name);
  }
  assert.deepEqual(
    listRecordings(join(folder, 'd')).map((r) => [r.label, r.id]),
    [
      ['ICE', 'ICE/z'],
      ['SNOW', 'SNOW/a'],
      ['SNOW', 'SNOW/b'],
      [undefined, 'flat'],
    ],
  );
  assert.equal([...recordingsIn(join(folder, 'd'))][0].spans[0].label, 'ICE');
});

test('labels that differ by case alone, unusable names, missing and empty folders are refused', () => {
  write('time,cur\n0,1\n', 'e/Ice/a.csv');
  write('time,cur\n0,1\n', 'e/ICE/a.csv');
  assert.throws(
    () => listRecordings(join(folder, 'e')),
    /found labels I[cC][eE] and I[cC][eE], expected one spelling/,
  );
  write('time,cur\n0,1\n', 'f/deep snow/a.csv');
  assert.throws(() => listRecordings(join(folder, 'f')), /found folder "deep snow", expected a label/);
  assert.throws(() => listRecordings(join(folder, 'nowhere')), UserError);
  mkdirSync(join(folder, 'g'));
  assert.throws(() => listRecordings(join(folder, 'g')), /found no .csv or .mcap file/);
});

test('whatever finite numbers are written come back to the last bit', () => {
  const cell = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 50 }), (rows) => {
      const file = write(
        `time,a,b\n${rows.map(([a, b], i) => `${i},${a},${b}`).join('\n')}\n`,
        'property.csv',
      );
      const back: number[] = [];
      for (const row of rowsOf(file)) back.push(...row.values);
      assert.deepEqual(
        back,
        rows.flat().map((v) => (Object.is(v, -0) ? 0 : v)),
      );
    }),
    { numRuns: 50 },
  );
});

test('lines that lie across the reading chunks are put together again', () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `${i},${i * 0.5}`);
  const recording = only(`time,cur\n${rows.join('\n')}\n`);
  assert.equal(recording.rows, 20_000);
  assert.equal(recording.values[19_999], 9_999.5);
});
