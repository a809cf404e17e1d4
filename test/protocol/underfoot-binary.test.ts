import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cobsEncode } from '../../agent/protocol/cobs.ts';
import { crc16, xmodem } from '../../agent/protocol/crc.ts';
import { createProtocol } from '../../agent/protocol/registry.ts';
import { binaryFrame } from '../../agent/simulate/devices/underfoot-binary.ts';
import { counts, feed, values } from './helpers.ts';
import { specOf } from './specs.ts';

const two = (midStream = false) => createProtocol(specOf('underfoot'), { midStream });

test('a frame brings its sequence number, its time and its values', () => {
  const { decoder, timeBase, sequenceBits } = two();
  assert.deepEqual(feed(decoder, binaryFrame(65535, 4294967295, [1.5, -2.25])), [
    { values: [1.5, -2.25], deviceTicks: 4294967295, sequence: 65535 },
  ]);
  assert.deepEqual(timeBase, { tickUs: 1, bits: 32 });
  assert.equal(sequenceBits, 16);
});

test('any values in any chunks come out as they went in', () => {
  const frame = fc.tuple(
    fc.nat(65535),
    fc.nat(0xffffffff),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
      (frames, lengths) => {
        const bytes = Buffer.concat(frames.map(([n, t, x]) => binaryFrame(n, t, [x, 1])));
        const { decoder } = two();
        const expected = frames.map(([n, t, x]) => ({ values: [x, 1], deviceTicks: t, sequence: n }));
        assert.deepEqual(feed(decoder, bytes, lengths), expected);
        assert.deepEqual(counts(decoder), { bytes: 0, frames: {} });
      },
    ),
  );
});

test('a wrong bit anywhere costs that frame and no other', () => {
  const frames = [0, 1, 2].map((n) => binaryFrame(n, 1000 * n, [n, n]));
  const { length } = frames[0];
  fc.assert(
    fc.property(fc.nat(length - 2), fc.nat(7), (at, bit) => {
      const bytes = Uint8Array.from(Buffer.concat(frames));
      bytes[length + at] ^= 1 << bit;
      const { decoder } = two();
      const got = feed(decoder, bytes).map((kept) => kept.sequence);
      assert.deepEqual(got, [0, 2]);
      assert.equal(counts(decoder).bytes, length);
    }),
  );
});

test('each kind of bad frame is counted under its own reason', () => {
  const whole = (frame: number[]) => {
    const crc = crc16(xmodem, Uint8Array.from(frame));
    return [...cobsEncode(Uint8Array.from([...frame, crc & 0xff, crc >> 8])), 0];
  };
  const cases: [string, ArrayLike<number>][] = [
    ['cobs', [9, 1, 0]],
    ['length', [2, 1, 0]],
    ['version', whole([2, ...new Array(14).fill(0)])],
    ['length', binaryFrame(0, 0, [1, 2, 3])],
    ['nan', binaryFrame(0, 0, [1, Number.NaN])],
    ['overlong', [...new Array(500).fill(7), 0]],
    ['crc', [...binaryFrame(0, 0, [1, 2]).subarray(0, -2), 9, 0]],
  ];
  for (const [reason, bytes] of cases) {
    const { decoder } = two();
    const all = Uint8Array.from([...Array.from(bytes), ...binaryFrame(5, 0, [1, 2])]);
    assert.deepEqual(values(feed(decoder, all)), [[1, 2]], reason);
    assert.deepEqual(counts(decoder), { bytes: bytes.length, frames: { [reason]: 1 } });
  }
});

test('the rest of a frame that was under way when the port was opened is no error', () => {
  const { decoder } = two(true);
  const bytes = Buffer.concat([binaryFrame(1, 0, [1, 2]).subarray(5), binaryFrame(2, 0, [3, 4])]);
  assert.deepEqual(values(feed(decoder, bytes)), [[3, 4]]);
  assert.deepEqual(counts(decoder).frames, { start: 1 });
});
