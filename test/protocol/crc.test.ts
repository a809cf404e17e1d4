import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cobsDecode, cobsEncode } from '../../agent/protocol/cobs.ts';
import { crc16, crc16Byte, umts, xmodem } from '../../agent/protocol/crc.ts';
import { ascii, hex } from './helpers.ts';

test('both CRCs give their published check values', () => {
  assert.equal(crc16(xmodem, ascii('123456789')), 0x31c3);
  assert.equal(crc16(umts, ascii('123456789')), 0xfee8);
});

test('a CRC can be carried on from byte to byte', () => {
  const bytes = ascii('123456789');
  assert.equal(crc16(umts, bytes, 4, 9, crc16(umts, bytes, 0, 4)), 0xfee8);
  assert.equal(
    bytes.reduce((crc, byte) => crc16Byte(xmodem, crc, byte), 0),
    0x31c3,
  );
});

test('COBS agrees with the examples of its authors', () => {
  const examples = [
    ['00', '01 01'],
    ['00 00', '01 01 01'],
    ['11 22 00 33', '03 11 22 02 33'],
    ['11 22 33 44', '05 11 22 33 44'],
    ['11 00 00 00', '02 11 01 01 01'],
  ];
  for (const [plain, encoded] of examples) {
    assert.deepEqual(cobsEncode(hex(plain)), hex(encoded));
    const out = new Uint8Array(8);
    const length = cobsDecode(hex(encoded), 0, hex(encoded).length, out);
    assert.deepEqual(out.subarray(0, length), hex(plain));
  }
});

test('COBS brings any bytes back and never holds a zero', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.boolean(), (bytes, noZero) => {
      const plain = noZero ? bytes.map((byte) => byte || 1) : bytes;
      const encoded = cobsEncode(plain);
      assert.ok(!encoded.includes(0));
      const out = new Uint8Array(plain.length);
      assert.equal(cobsDecode(encoded, 0, encoded.length, out), plain.length);
      assert.deepEqual(out, plain);
    }),
  );
});

test('bytes that are no COBS, or too many for the room, are refused without writing past it', () => {
  const out = new Uint8Array(4);
  for (const bad of ['05 11 22', '02 00', '00', '06 01 02 03 04 05', '05 01 02 03 04 01 01 01']) {
    assert.equal(cobsDecode(hex(bad), 0, hex(bad).length, out), -1, bad);
  }
});
