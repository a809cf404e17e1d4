import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { balance, countWindows, evenShares } from '../../agent/session/balance.ts';
import { datasetOf } from '../../agent/session/dataset.ts';
import { csvOf, npzOf, parquetOf } from '../../agent/session/export.ts';
import { npy } from '../../agent/session/npz.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { RecordingBuilder } from '../../agent/session/recording-builder.ts';
import { readRecordings } from '../../agent/session/recordings.ts';
import { writeWholeFile } from '../../agent/session/whole-file.ts';
import { python, skipWithoutPython } from '../helpers/python.ts';
import { testFolder } from './helpers.ts';

const root = testFolder('export');
const fresh = () => mkdtempSync(join(root, 'e-'));

/** 10 Hz; `seconds` by label, in the order given. */
function drive(id: string, ...stretches: [label: string | undefined, seconds: number][]): Recording {
  const builder = new RecordingBuilder(id, `${id}.mcap`, ['curL', 'curR']);
  let row = 0;
  for (const [label, seconds] of stretches) {
    for (let i = 0; i < seconds * 10; i++, row++) builder.add(row * 1e5, [row / 3, 0 - row], label);
  }
  return builder.finish();
}
const spec = { channels: [{ name: 'curL', unit: 'A' }], rateHz: 10, steps: 20, stride: 10 };

test('numpy reads what is written: shapes, types, one-hot labels, recording ids, texts', {
  skip: skipWithoutPython('numpy'),
}, () => {
  const dataset = datasetOf([drive('a', ['ICE', 10]), drive('b', ['SNOW', 5], ['ÉTÉ', 5])], spec);
  const file = join(fresh(), 'w.npz');
  writeFileSync(file, npzOf(dataset, { channels: ['curL'], rateHz: 10 }));
  const program = `
import json, sys, numpy as np
z = np.load(sys.argv[1])
print(json.dumps({'shapes': {k: list(z[k].shape) for k in z}, 'types': {k: z[k].dtype.str for k in z},
  'labels': z['labels'].tolist(), 'recording': z['recording'].tolist(), 'sums': z['y'].sum(axis=1).tolist(),
  'argmax': z['y'].argmax(axis=1).tolist(), 'label': z['label'].tolist(), 'x': z['x'][3, :, 0].tolist(),
  'channels': z['channels'].tolist(), 'rate': z['rate_hz'].tolist(), 'c': bool(z['x'].flags['C_CONTIGUOUS'])}))`;
  const out = JSON.parse(execFileSync(python, ['-c', program, file], { encoding: 'utf8' }));
  const { n } = dataset;
  assert.deepEqual(out.shapes.x, [n, 20, 1]);
  assert.deepEqual(out.shapes.y, [n, 3]);
  assert.deepEqual(
    [out.types.x, out.types.y, out.types.label, out.types.start_us],
    ['<f4', '<f4', '<i4', '<f8'],
  );
  assert.deepEqual(out.labels, ['ICE', 'SNOW', 'ÉTÉ']);
  assert.deepEqual(out.recording, dataset.recordingIds);
  assert.deepEqual(out.argmax, [...dataset.y]);
  assert.deepEqual(out.label, [...dataset.y]);
  assert.ok(out.sums.every((s: number) => s === 1));
  assert.deepEqual(out.x, [...dataset.x.slice(60, 80)]);
  assert.deepEqual([out.channels, out.rate, out.c], [['curL'], [10], true]);
});

test('a shape that does not fit the numbers is refused', () => {
  assert.throws(() => npy({ shape: [2, 3], data: new Float32Array(5) }), /found 5 numbers for shape 2 x 3/);
});

test('CSV comes back with the same numbers, times and labels', () => {
  const source = drive('a', ['ICE', 3], [undefined, 1], ['SNOW', 2]);
  const file = join(fresh(), 'a.csv');
  writeWholeFile(file, csvOf(source));
  const [back] = readRecordings({ label: undefined, id: 'a', file });
  assert.deepEqual(back.values, source.values);
  assert.deepEqual(back.timeUs.map(Math.round), source.timeUs);
  assert.deepEqual(back.spans, source.spans);
});

test('a calibration that was recorded is applied, unless raw numbers are asked for', () => {
  const channels = [
    { name: 'curL', unit: 'A', offset: 1, gain: 3, validRange: [-1e9, 1e9] as [number, number] },
  ];
  const calibration = { schemaVersion: 1, robot: 'r', created: '2026-01-01T00:00:00Z', channels } as const;
  const source = { ...drive('a', ['ICE', 1]), calibration: { ...calibration, channels: [...channels] } };
  const rowOf = (options: { raw: boolean }) => [...csvOf(source, options)].join('').split('\n')[4];
  assert.equal(rowOf({ raw: true }), '0.3,1,-3,ICE');
  assert.equal(rowOf({ raw: false }), '0.3,0,-3,ICE');
});

test('DuckDB answers hours by surface and robot over the Parquet files of a fleet', async () => {
  const folder = fresh();
  const fleet: [robot: string, session: string, stretches: [string | undefined, number][]][] = [
    [
      'husky1',
      's1',
      [
        ['ICE', 360],
        [undefined, 60],
        ['SNOW', 720],
      ],
    ],
    ['husky1', 's2', [['ICE', 360]]],
    ['husky2', 's3', [['SNOW', 36]]],
  ];
  for (const [robotId, session, stretches] of fleet) {
    mkdirSync(join(folder, robotId), { recursive: true });
    const about = { robotId, startUs: BigInt(Date.UTC(2026, 0, 2, 3, 4, 5)) * 1000n };
    writeWholeFile(join(folder, robotId, `${session}.parquet`), [
      parquetOf(drive(session, ...stretches), about),
    ]);
  }
  // A robot with other sensors is in the same query.
  const builder = new RecordingBuilder('s4', 's4.mcap', ['motor1']);
  for (let row = 0; row < 360; row++) builder.add(row * 1e6, [row], 'GRASS');
  const about = { robotId: 'rover', startUs: 0n };
  writeWholeFile(join(folder, 's4.parquet'), [parquetOf(builder.finish(), about)]);

  const connection = await (await DuckDBInstance.create()).connect();
  const all = `read_parquet('${folder}/**/*.parquet', union_by_name = true)`;
  const hours = await connection.runAndReadAll(
    `select robot, label, round(sum(interval_s) / 3600, 3) as hours from ${all}
     where label is not null group by all order by all`,
  );
  assert.deepEqual(hours.getRowsJson(), [
    ['husky1', 'ICE', 0.2],
    ['husky1', 'SNOW', 0.2],
    ['husky2', 'SNOW', 0.01],
    ['rover', 'GRASS', 0.1],
  ]);
  const first = await connection.runAndReadAll(
    `select typeof(time), min(time)::varchar, max(time_s), sum(curR), count(*), count(label)
     from ${all} where session = 's1' group by 1`,
  );
  const rows = 11_400;
  assert.deepEqual(first.getRowsJson(), [
    [
      'TIMESTAMP WITH TIME ZONE',
      '2026-01-02 03:04:05+00',
      1139.9,
      (-rows * (rows - 1)) / 2,
      `${rows}`,
      '10800',
    ],
  ]);
  connection.closeSync();
});

test('balancing gives each class as many windows, and each recording of a class as even a share as it can', () => {
  const dataset = datasetOf(
    [
      drive('long', ['ICE', 100]),
      drive('short', ['ICE', 5]),
      drive('mid', ['ICE', 30]),
      drive('snow', ['SNOW', 40]),
    ],
    spec,
  );
  const before = countWindows(dataset);
  assert.deepEqual(before.ICE.recordings, { long: 99, short: 4, mid: 29 });
  const balanced = balance(dataset);
  const after = countWindows(balanced);
  assert.equal(after.SNOW.windows, 39);
  assert.equal(after.ICE.windows, 39);
  assert.deepEqual(after.ICE.recordings, { long: 18, short: 4, mid: 17 });
  const starts = [...balanced.startUs].filter((_, i) => balanced.recordingIds[i] === 'long');
  assert.ok(Math.max(...starts) > 90e6, 'windows come from all of a long drive');
  assert.deepEqual([...balanced.x.slice(0, 20)], [...dataset.x.slice(0, 20)]);
  assert.equal(countWindows(balance(dataset, 10)).ICE.windows, 10);
});

test('even shares add up, exceed no size, and differ by more than one only where a size is used up', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }), fc.nat(200), (sizes, total) => {
      const shares = evenShares(sizes, total);
      const sum = (a: number[]) => a.reduce((x, y) => x + y, 0);
      assert.equal(sum(shares), Math.min(total, sum(sizes)));
      const most = Math.max(...shares);
      for (const [i, share] of shares.entries()) {
        assert.ok(share <= sizes[i] && (share === sizes[i] || share >= most - 1));
      }
    }),
  );
});

test('a file that cannot be written whole leaves the old one as it was and nothing else', () => {
  const folder = fresh();
  const file = join(folder, 'x.csv');
  writeWholeFile(file, ['old']);
  const broken = function* () {
    yield 'half';
    throw new Error('broken');
  };
  assert.throws(() => writeWholeFile(file, broken()), /broken/);
  assert.deepEqual(readdirSync(folder), ['x.csv']);
  assert.throws(() => writeWholeFile(join(folder, 'no', 'x'), ['a']), /cannot be written/);
});
