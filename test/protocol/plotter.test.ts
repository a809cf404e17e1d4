import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtocol } from '../../agent/protocol/registry.ts';
import { ascii, counts, feed, values } from './helpers.ts';
import { specOf } from './specs.ts';

function read(spec: object, input: string) {
  const { decoder } = createProtocol(specOf('plotter', spec), { midStream: false });
  const readings = feed(decoder, ascii(input));
  return { readings, values: values(readings), frames: counts(decoder).frames };
}

test('labelled values are found whatever their order and separator', () => {
  const spec = { columns: ['left', 'right'] };
  assert.deepEqual(read(spec, 'right:2 left:1\nleft:3,right:4\nx:9\tleft:5\tright:6\r\n').values, [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
});

test('bare values go by position', () => {
  assert.deepEqual(read({ columns: [1] }, '1 2\n3,4\n5, 6\n').values, [[2], [4], [6]]);
});

test('a line of labels alone is legal and names the values of later lines', () => {
  const { values, frames } = read({ columns: ['b'] }, '1 2\na:\tb:\n1 2\nb a\n3 4\n');
  assert.deepEqual(values, [[2], [3]]);
  assert.deepEqual(frames, { unnamed: 1, labels: 2 });
});

test('a labelled time becomes device ticks', () => {
  const { readings } = read({ columns: ['i'], time: { column: 'ms', unit: 'ms' } }, 'ms:20 i:1.5\n');
  assert.deepEqual(readings, [{ values: [1.5], deviceTicks: 20, sequence: Number.NaN }]);
});

test('lines without a channel, or with something else than its number, are refused and counted', () => {
  const { values, frames } = read({ columns: ['a', 'b'] }, 'a:1\na:1 b:x\na:1 b:nan\n\na:1 b:\na:1 b:2\n');
  assert.deepEqual(values, [[1, 2]]);
  assert.deepEqual(frames, { columns: 2, number: 1, nan: 1, blank: 1 });
});
