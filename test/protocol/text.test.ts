import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createProtocol, type Protocol, protocolSchema } from '../../agent/protocol/registry.ts';
import { ascii, counts, feed, values } from './helpers.ts';

function text(spec: object, midStream = false): Protocol {
  return createProtocol(protocolSchema.parse({ name: 'text', ...spec }), { midStream });
}

function read(spec: object, input: string, midStream = false) {
  const { decoder } = text(spec, midStream);
  const readings = feed(decoder, ascii(input));
  return { readings, values: values(readings), discarded: counts(decoder) };
}

test('columns are chosen by position, in the order of the channels', () => {
  const { values, discarded } = read({ columns: [2, 0] }, '1,2,3\n4,5,6\r\n');
  assert.deepEqual(values, [
    [3, 1],
    [6, 4],
  ]);
  assert.deepEqual(discarded, { bytes: 0, frames: {} });
});

test('columns are chosen by the name in the header line, quoted or not', () => {
  const { values, discarded } = read(
    { header: true, columns: ['right', 'left'] },
    '\uFEFFt,"left", right\n0,1.5,2.5\n',
  );
  assert.deepEqual(values, [[2.5, 1.5]]);
  assert.deepEqual(discarded.frames, { header: 1 });
});

test('names given in the configuration stand for a header that the device does not send', () => {
  const spec = { header: ['t', 'left', 'right'], columns: ['left', { column: 'right', channel: 'R' }] };
  assert.deepEqual(read(spec, '0,1.5,2.5\n').values, [[1.5, 2.5]]);
  assert.deepEqual(text(spec).channels, ['left', 'R']);
});

test('a decimal comma, another delimiter and runs of blanks are read', () => {
  assert.deepEqual(read({ delimiter: ';', decimal: ',', columns: [0, 1] }, '1,5;-2,25\n').values, [
    [1.5, -2.25],
  ]);
  assert.deepEqual(read({ delimiter: ' ', columns: [0, 1] }, '  1.5 \t 2.5  \n').values, [[1.5, 2.5]]);
  assert.deepEqual(read({ delimiter: '\t', columns: [0, 1] }, '1.5\t2.5\n').values, [[1.5, 2.5]]);
});

test('time and sequence columns become device ticks in their unit, and the time base says which', () => {
  const spec = {
    columns: [1],
    time: { column: 0, unit: 'ms', wrapBits: 32 },
    sequence: { column: 2, wrapBits: 16 },
  };
  assert.deepEqual(read(spec, '12.5,3,7\n').readings, [{ values: [3], deviceTicks: 12.5, sequence: 7 }]);
  const protocol = text(spec);
  assert.deepEqual(protocol.timeBase, { tickUs: 1000, bits: 32 });
  assert.equal(protocol.sequenceBits, 16);
  assert.equal(text({}).timeBase, undefined);
});

test('a device that was already talking has the rest of its first line discarded', () => {
  const { values, discarded } = read({ columns: [0, 1] }, '5,6\n1,2\n', true);
  assert.deepEqual(values, [[1, 2]]);
  assert.deepEqual(discarded, { bytes: 4, frames: { start: 1 } });
});

test('a header is recognised in the first line of a device that resets when it is opened, and later after a reset', () => {
  const { values, discarded } = read({ header: true, columns: ['b'] }, 'a,b\n1,2\n3,4\nb,a\n5,6\n', true);
  assert.deepEqual(values, [[2], [4], [5]]);
  assert.deepEqual(discarded.frames, { header: 2 });
});

test('a first line that is only the end of a header does not shift the columns', () => {
  const cut = read({ header: true, columns: ['b'] }, 'b,c\n0,1,2\nt,b,c\n0,7,8\n', true);
  assert.deepEqual(cut.values, [[7]]);
  assert.deepEqual(cut.discarded.frames, { header: 2, columns: 1 });
});

test('until a header has named the columns, lines are refused as unnamed', () => {
  const { values, discarded } = read({ header: true, columns: ['b'] }, '1,2\n3,4\n');
  assert.deepEqual(values, []);
  assert.deepEqual(discarded, { bytes: 8, frames: { unnamed: 2 } });
});

test('a new header with other columns is followed', () => {
  assert.deepEqual(read({ header: true, columns: ['b'] }, 'a,b\n1,2\na,x,b\n3,4,5\n').values, [[2], [5]]);
});

test('a header above columns chosen by position is skipped', () => {
  assert.deepEqual(read({ header: true, columns: [0, 1] }, 'left,right\n1,2\n').values, [[1, 2]]);
});

test('every kind of bad line is counted under its own reason and none becomes a reading', () => {
  const input = '1,2\n1\n1,2,3\n1,x\n\n1,nan\n1,1e999\n3,4\n';
  const { values, discarded } = read({ columns: [0, 1] }, input);
  assert.deepEqual(values, [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(discarded.frames, { columns: 2, number: 1, blank: 1, nan: 2 });
  assert.equal(discarded.bytes, input.length - 8);
});

test('two lines that ran into one are refused even when they could be read', () => {
  assert.deepEqual(read({ columns: [0, 1] }, '1,2\n3,45,6\n7,8\n').values, [
    [1, 2],
    [7, 8],
  ]);
});

test('a device that keeps to another number of fields is followed after eight lines', () => {
  const { values, discarded } = read({ columns: [0] }, `1,2\n${'3,4,5\n'.repeat(9)}`);
  assert.deepEqual(values, [[1], [3], [3]]);
  assert.equal(discarded.frames.columns, 7);
});

test('an overlong line is discarded once, whatever the chunks, and the next line is read', () => {
  const input = ascii(`1\n${'9'.repeat(5000)}\n2\n`);
  for (const lengths of [[1], [7, 100], [input.length]]) {
    const { decoder } = text({ maxLineBytes: 64 });
    assert.deepEqual(values(feed(decoder, input, lengths)), [[1], [2]]);
    assert.deepEqual(counts(decoder), { bytes: 5001, frames: { overlong: 1 } });
  }
});

test('after a reset what was buffered is counted and does not run into what follows', () => {
  const { decoder } = text({ columns: [0, 1] }, true);
  feed(decoder, ascii('0,0\n1,2\n3'));
  decoder.reset();
  assert.deepEqual(values(feed(decoder, ascii('9,9\n5,6\n'))), [[5, 6]]);
  assert.deepEqual(counts(decoder), { bytes: 9, frames: { start: 2, reset: 1 } });
});

test('any bytes in any chunks give the same readings and the same counts, and never throw', () => {
  const piece = fc.constantFrom(
    '1',
    '2.5',
    ',',
    '\n',
    '\r\n',
    '-',
    'e3',
    'a',
    'nan',
    ' ',
    '\x00',
    '\xff',
    '1,2\n',
    '3,4\n',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 200 }).map((pieces) => ascii(pieces.join(''))),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      (bytes, lengths, header, midStream) => {
        const spec = { columns: header ? ['a'] : [0, 1], header, maxLineBytes: 32 };
        const whole = text(spec, midStream).decoder;
        const cut = text(spec, midStream).decoder;
        assert.deepEqual(feed(cut, bytes, lengths), feed(whole, bytes));
        assert.deepEqual(counts(cut), counts(whole));
      },
    ),
    { numRuns: 1000 },
  );
});

test('a specification that cannot work is refused with the key that is wrong', () => {
  const bad = [
    { delimiter: ',', decimal: ',' },
    { columns: ['left'] },
    { header: ['a'], columns: ['b'] },
    { columns: [0, 0] },
    { columns: [] },
    { delimeter: ';' },
  ];
  for (const spec of bad)
    assert.equal(protocolSchema.safeParse({ name: 'text', ...spec }).success, false, JSON.stringify(spec));
});
