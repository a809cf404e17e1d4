import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataError } from '../../agent/errors.ts';
import { datasetOf, hashDataset, windowsOf } from '../../agent/session/dataset.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { RecordingBuilder } from '../../agent/session/recording-builder.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { sessionMetadata } from '../../agent/session/session-input.ts';
import { loadSession } from '../../agent/session/session-recording.ts';
import { feed, startRecorder, testFolder } from './helpers.ts';

const spec = { channels: [{ name: 'b', unit: 'A' }], rateHz: 10, steps: 20, stride: 5 };

/** `labels`: one a second, 10 samples each; channel b counts rows. */
function recording(id: string, labels: (string | undefined)[]): Recording {
  const builder = new RecordingBuilder(id, `${id}.csv`, ['a', 'b']);
  for (let row = 0; row < labels.length * 10; row++) {
    builder.add(row * 100_000, [-1, row], labels[Math.floor(row / 10)]);
  }
  return builder.finish();
}
const times = (label: string | undefined, seconds: number) => Array(seconds).fill(label);

test('windows have the shape, order and times of the specification', () => {
  const windows = windowsOf(recording('r', times('ICE', 5)), spec);
  assert.equal(windows.length, 7);
  windows.forEach((w, i) => {
    assert.equal(Math.round(w.startUs), i * 500_000);
    assert.equal(Math.round(w.endUs), i * 500_000 + 1_900_000);
    assert.deepEqual(
      [...w.data],
      Array.from({ length: 20 }, (_, k) => i * 5 + k),
    );
    assert.equal(w.label, 'ICE');
  });
});

test('no window lies across a change of label', () => {
  const source = recording('r', [...times('ICE', 3), ...times(undefined, 3), ...times('SNOW', 3)]);
  const windows = windowsOf(source, spec);
  const bounds = { ICE: [0, 29], SNOW: [60, 89], none: [30, 59] };
  for (const w of windows) {
    const [from, to] = bounds[(w.label ?? 'none') as keyof typeof bounds];
    assert.ok(w.data[0] >= from && w.data[19] <= to, `${w.label}: ${w.data[0]} to ${w.data[19]}`);
  }
  assert.deepEqual([...new Set(windows.map((w) => w.label))], ['ICE', undefined, 'SNOW']);
});

test('wherever labels were set, undone or taken from a file while recording, every step of a window had its label', async () => {
  const folder = testFolder('dataset');
  const metadata = sessionMetadata({ robotId: 'r', timeBase: { tickUs: 1, bits: 32 } }, { version: '1' });
  const times = fc.array(
    fc.record({ atMs: fc.integer({ min: 0, max: 2999 }), label: fc.constantFrom('ICE', 'SNOW', null) }),
    { minLength: 1, maxLength: 8 },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(times, fc.nat(3), async (changes, undone) => {
      const { recorder, time } = await startRecorder(folder, { sessionId: `s${run++}`, metadata });
      const startUs = time.us;
      feed(recorder, time, 0, 3000);
      for (const { atMs, label } of changes) recorder.label(label, 'file', startUs + atMs * 1000 + 500);
      for (let i = 0; i < Math.min(undone, changes.length); i++) recorder.undo('key');
      const { files } = await recorder.stop();
      const { recording, labels } = loadSession(files);
      const fast = { channels: [{ name: 'curL', unit: 'A' }], rateHz: 1000, steps: 100, stride: 10 };
      for (const window of windowsOf(recording, fast)) {
        // curL counts samples in eighths, and samples are a millisecond apart.
        for (const value of [window.data[0], window.data[50], window.data[99]]) {
          const truth = labels.at(startUs + (Math.round(value * 8) + 1) * 1000);
          assert.equal(window.label ?? null, truth);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('no window lies across a break or a gap', () => {
  const plain = recording('r', times('ICE', 5));
  const broken = windowsOf({ ...plain, breaks: [25] }, spec);
  assert.ok(broken.length > 0 && broken.every((w) => w.data[19] < 25 || w.data[0] >= 25));
  const builder = new RecordingBuilder('g', 'g.csv', ['b']);
  for (let row = 0; row < 60; row++) builder.add(row * 1e5 + (row >= 30 ? 5e6 : 0), [row], 'ICE');
  const gapped = windowsOf(builder.finish(), spec);
  assert.ok(gapped.length > 0 && gapped.every((w) => w.data[19] < 30 || w.data[0] >= 30));
});

test('a dataset keeps windows, labels, recordings and starts together and hashes the same every time', () => {
  const recordings = [recording('one', times('SNOW', 3)), recording('two', times('ICE', 3))];
  const dataset = datasetOf(recordings, spec);
  assert.deepEqual([dataset.n, dataset.steps, dataset.channels], [6, 20, 1]);
  assert.equal(dataset.x.length, 6 * 20);
  assert.deepEqual(dataset.labels, ['ICE', 'SNOW']);
  assert.deepEqual([...dataset.y], [1, 1, 1, 0, 0, 0]);
  assert.deepEqual(dataset.recordingIds, ['one', 'one', 'one', 'two', 'two', 'two']);
  assert.equal(Math.round(dataset.startUs[1]), 500_000);
  assert.equal(hashDataset(dataset), hashDataset(datasetOf(recordings, spec)));
  assert.notEqual(hashDataset(dataset), hashDataset(datasetOf(recordings.reverse(), spec)));
});

test('a given order of labels is kept, and windows of other labels are left out', () => {
  const recordings = [recording('one', times('SNOW', 3)), recording('two', times('ICE', 3))];
  const dataset = datasetOf(recordings, spec, ['SNOW', 'GRASS']);
  assert.deepEqual([...dataset.y], [0, 0, 0]);
});

test('calibration is applied by channel name, and a missing channel or calibration is refused', () => {
  const source = recording('r', times('ICE', 2));
  const calibration = [{ name: 'b', unit: 'A', offset: 1, gain: 2, validRange: [-100, 100] as const }];
  assert.equal(windowsOf(source, { ...spec, calibration })[0].data[3], 4);
  const other = [{ ...calibration[0], name: 'c' }];
  assert.throws(
    () => windowsOf(source, { ...spec, calibration: other }),
    /r.csv: b: found a calibration of c/,
  );
  const wrong = { ...spec, channels: [{ name: 'curL', unit: 'A' }] };
  assert.throws(
    () => windowsOf(source, wrong),
    (e: unknown) => e instanceof DataError && /found channels a, b/.test(e.message),
  );
});

test('real recordings give 100-step windows of finite numbers', (t) => {
  const folder = '../shared/data/borealtc';
  if (!existsSync(folder)) return t.skip('needs ../shared/data');
  const real = { channels: [{ name: 'curL', unit: 'A' }], rateHz: 6.5, steps: 100, stride: 10 };
  const dataset = datasetOf(recordingsIn(folder), real);
  assert.deepEqual(dataset.labels, ['ASPHALT', 'FLOORING', 'ICE', 'SANDY_LOAM', 'SNOW']);
  assert.ok(dataset.n > 1000, `${dataset.n} windows`);
  assert.ok(dataset.x.every(Number.isFinite));
});
