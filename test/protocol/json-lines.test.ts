import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtocol } from '../../agent/protocol/registry.ts';
import { ascii, counts, feed, values } from './helpers.ts';
import { specOf } from './specs.ts';

function read(spec: object, input: string) {
  const { decoder } = createProtocol(specOf('json', spec), { midStream: false });
  const readings = feed(decoder, ascii(input));
  return { readings, values: values(readings), frames: counts(decoder).frames };
}

test('paths reach into objects and arrays', () => {
  const spec = { columns: ['motor.left.current', { path: 'i.1', channel: 'right' }] };
  const { values } = read(spec, '{"motor":{"left":{"current":1.5}},"i":[0,2.5]}\n');
  assert.deepEqual(values, [[1.5, 2.5]]);
  assert.deepEqual(createProtocol(specOf('json', spec)).channels, ['motor.left.current', 'right']);
});

test('time and sequence become device ticks and sequence number', () => {
  const spec = { columns: ['i'], time: { path: 't', unit: 's' }, sequence: { path: 'n', wrapBits: 8 } };
  assert.deepEqual(read(spec, '{"t":1.25,"n":7,"i":3}\n').readings, [
    { values: [3], deviceTicks: 1.25, sequence: 7 },
  ]);
});

test('lines that are no JSON, lack a value or have no finite number there are refused and counted', () => {
  const input = '{"i":1\n{"j":1}\n{"i":"1"}\n{"i":null}\n{"i":1e999}\n\n5\n{"i":2}\n';
  const { values, frames } = read({ columns: ['i'] }, input);
  assert.deepEqual(values, [[2]]);
  assert.deepEqual(frames, { json: 2, columns: 1, number: 3, blank: 1 });
});

test('a path does not reach inherited properties, and deep nesting is only bad JSON or a missing value', () => {
  const deep = '['.repeat(4000);
  assert.deepEqual(read({ columns: ['constructor.length'] }, '{}\n').frames, { columns: 1 });
  assert.deepEqual(read({ columns: ['i'] }, `${deep}\n`).frames, { json: 1 });
});
