import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { parseDuration } from '../../agent/commands/record-duration.ts';
import type { RecordSnapshot } from '../../agent/commands/record-types.ts';
import { pickedLabel, recordingLine, renderRecording, sparkline } from '../../agent/commands/record-view.ts';

const snapshot: RecordSnapshot = {
  sessionId: '20260505T091500Z_rover',
  where: 'here',
  label: 'ICE',
  durationS: 754,
  samples: 37_700,
  bytes: 1_300_000,
  freeBytes: 40 * 2 ** 30,
  rateHz: 49.96,
  channels: [
    { name: 'curL', unit: 'A', last: 1.234, history: Array.from({ length: 240 }, (_, i) => Math.sin(i / 9)) },
    { name: 'curR', unit: 'A', last: Number.NaN, history: [] },
  ],
  trouble: 'recording: no space left where sessions are kept; 1234 samples lost, and a long text after it',
};
const labels = Array.from({ length: 12 }, (_, i) => `SURFACE_${i + 1}`);

test('no line of the live view is wider than the terminal, however narrow it is', () => {
  for (const width of [40, 60, 80, 200]) {
    const lines = renderRecording(snapshot, { labels, page: 0 }, 'x'.repeat(300), width);
    for (const line of lines.map(stripVTControlCharacters))
      assert.ok(line.length <= width, `${line.length} of ${width}: ${line}`);
  }
});

test('label, length, rate, samples, bytes, free space, current and trouble are all shown', () => {
  const text = stripVTControlCharacters(renderRecording(snapshot, { labels, page: 1 }, '', 120).join('\n'));
  for (const part of [
    'ICE',
    '12:34',
    '50.0 Hz',
    '37700 samples',
    '1.2 MiB',
    '40.0 GiB free',
    '1.23 A',
    '▁',
    '█',
  ])
    assert.ok(text.includes(part), part);
  assert.match(text, /1 SURFACE_10 {3}2 SURFACE_11/);
  assert.match(text, /page 2 of 2/);
  assert.match(text, /no space left/);
  assert.match(recordingLine(snapshot), /12:34 {2}ICE .*50\.0 Hz .*no space left/);
});

test('digits pick the labels of the page, 0 none, and a digit without a label nothing', () => {
  assert.equal(pickedLabel({ labels, page: 0 }, 9), 'SURFACE_9');
  assert.equal(pickedLabel({ labels, page: 1 }, 3), 'SURFACE_12');
  assert.equal(pickedLabel({ labels, page: 1 }, 4), undefined);
  assert.equal(pickedLabel({ labels, page: 1 }, 0), null);
});

test('a sparkline goes from the smallest to the largest number, and a constant is level', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([5, 5, 5]), '▄▄▄');
  assert.equal(sparkline([]), '');
});

test('a length is read in hours, minutes and seconds, up to a day', () => {
  const read = (text: string) => parseDuration('duration', text);
  assert.deepEqual(['10m', '90s', '1h30m', '45', '0.5s'].map(read), [600, 90, 5400, 45, 0.5]);
  for (const text of ['', '0', 'soon', '-5s', '25h', '5m1h', '1d'])
    assert.throws(() => read(text), /expected a time such as 10m, 90s or 1h30m, up to 24h/, text);
});
