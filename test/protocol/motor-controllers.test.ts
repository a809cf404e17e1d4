/** Test vectors marked (computed) follow from the documented rules and were not captured from hardware. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateDecoder, createRequests } from '../../agent/protocol/create.ts';
import type { Decoder } from '../../agent/protocol/decoder.ts';
import { DynamixelDecoder, dynamixelPacket, dynamixelRequests } from '../../agent/protocol/dynamixel.ts';
import { Exchange } from '../../agent/protocol/exchange.ts';
import { OdriveDecoder, odriveChecksum, odriveRequests } from '../../agent/protocol/odrive.ts';
import { RoboclawDecoder, roboclawRequest } from '../../agent/protocol/roboclaw.ts';
import { RoboteqDecoder, roboteqStream } from '../../agent/protocol/roboteq.ts';
import { VescDecoder, vescFrame, vescRequests } from '../../agent/protocol/vesc.ts';
import { ascii, counts, drain, feed, hex, values } from './helpers.ts';
import { specOf } from './specs.ts';

/** Asks each request in turn and feeds its answer. */
function ask(exchange: Exchange, decoder: Decoder, answers: readonly Uint8Array[], lengths?: number[]) {
  return answers.flatMap((answer, index) => {
    exchange.ask(index);
    return values(feed(decoder, answer, lengths));
  });
}

test('VESC: requests for the selected and for all values have the bytes of the vectors (computed)', () => {
  const selective = specOf('vesc', { currents: ['motor', 'input'] });
  assert.deepEqual(vescRequests(selective), [hex('02 05 32 00 00 00 0c 89 e1 03')]);
  assert.deepEqual(vescRequests(specOf('vesc', { command: 'values' })), [hex('02 01 04 40 84 03')]);
});

test('VESC: the answer of 12.34 A and -0.56 A is read, byte by byte too (computed)', () => {
  const spec = specOf('vesc', { currents: ['motor', 'input'] });
  const answer = hex('02 0d 32 00 00 00 0c 00 00 04 d2 ff ff ff c8 ae b1 03');
  for (const lengths of [[18], [1]]) {
    const exchange = new Exchange();
    assert.deepEqual(ask(exchange, new VescDecoder(spec, exchange), [answer], lengths), [[12.34, -0.56]]);
    assert.equal(exchange.answers, 1);
  }
});

test('VESC: motor and input current stand at bytes 5 and 9 of all values', () => {
  const payload = new Uint8Array(60);
  payload[0] = 4;
  new DataView(payload.buffer).setInt32(5, -250);
  new DataView(payload.buffer).setInt32(9, 125);
  const spec = specOf('vesc', { command: 'values', currents: ['input', 'motor'] });
  const exchange = new Exchange();
  assert.deepEqual(ask(exchange, new VescDecoder(spec, exchange), [vescFrame(payload)]), [[1.25, -2.5]]);
});

test('VESC: a frame of 256 bytes or more has a length of 16 bits', () => {
  const payload = new Uint8Array(300);
  payload[0] = 4;
  new DataView(payload.buffer).setInt32(5, 700);
  const frame = vescFrame(payload);
  assert.deepEqual([...frame.subarray(0, 3)], [3, 1, 44]);
  const exchange = new Exchange();
  assert.deepEqual(ask(exchange, new VescDecoder(specOf('vesc', { command: 'values' }), exchange), [frame]), [
    [7],
  ]);
});

test('VESC: noise, a wrong sum, a wrong end and a stranger’s answer are counted, and the next frame is read', () => {
  const spec = specOf('vesc', { currents: ['motor', 'input'] });
  const good = hex('02 0d 32 00 00 00 0c 00 00 04 d2 ff ff ff c8 ae b1 03');
  const wrongSum = Uint8Array.from(good, (byte, k) => (k === 9 ? 5 : byte));
  const wrongEnd = Uint8Array.from(good, (byte, k) => (k === 17 ? 9 : byte));
  const other = vescFrame(Uint8Array.of(50, 0, 0, 0, 4, 0, 0, 0, 1));
  const cases: [string, Uint8Array][] = [
    ['noise', hex('ff 00 41')],
    ['crc', wrongSum],
    ['end', wrongEnd],
    ['command', other],
    ['length', hex('02 00')],
  ];
  for (const [reason, bad] of cases) {
    const exchange = new Exchange();
    const decoder = new VescDecoder(spec, exchange);
    exchange.ask(0);
    assert.deepEqual(values(feed(decoder, Uint8Array.of(...bad, ...good))), [[12.34, -0.56]], reason);
    assert.equal(counts(decoder).frames[reason], 1);
    assert.equal(counts(decoder).bytes, bad.length);
  }
});

test('RoboClaw: 2.50 A and -0.03 A at address 0x80 (computed)', () => {
  const spec = specOf('roboclaw');
  assert.deepEqual(roboclawRequest(spec), hex('80 31'));
  const exchange = new Exchange();
  assert.deepEqual(ask(exchange, new RoboclawDecoder(spec, exchange), [hex('00 fa ff fd 6b 41')]), [
    [2.5, -0.03],
  ]);
});

test('RoboClaw: bytes before the answer are passed by, since its sum covers the address', () => {
  const exchange = new Exchange();
  const decoder = new RoboclawDecoder(specOf('roboclaw'), exchange);
  assert.deepEqual(ask(exchange, decoder, [hex('07 00 00 fa ff fd 6b 41')]), [[2.5, -0.03]]);
  assert.deepEqual(counts(decoder), { bytes: 2, frames: { noise: 1 } });
});

test('RoboClaw: old firmware’s seven bits of checksum are checked', () => {
  const spec = specOf('roboclaw', { integrity: 'checksum7' });
  const sum = (0x80 + 49 + 0x00 + 0xfa + 0xff + 0xfd) & 0x7f;
  const exchange = new Exchange();
  const decoder = new RoboclawDecoder(spec, exchange);
  assert.deepEqual(ask(exchange, decoder, [Uint8Array.of(0x00, 0xfa, 0xff, 0xfd, sum)]), [[2.5, -0.03]]);
  assert.deepEqual(ask(exchange, decoder, [Uint8Array.of(0x00, 0xfa, 0xff, 0xfd, sum ^ 1)]), []);
  assert.deepEqual(counts(decoder).frames, { checksum: 1 });
});

test('ODrive: the checksum is that of the documented example and of the current request (computed)', () => {
  assert.equal(odriveChecksum('r vbus_voltage '), 93);
  assert.equal(odriveChecksum('r axis0.motor.current_control.Iq_measured'), 14);
  const spec = specOf('odrive', { currents: ['axis0'] });
  assert.deepEqual(odriveRequests(spec), [ascii('r axis0.motor.current_control.Iq_measured*14\n')]);
});

test('ODrive: one answer an axis makes a reading, with or without checksum', () => {
  const withSum = (text: string) => ascii(`${text}*${odriveChecksum(text)}\r\n`);
  for (const checksum of [true, false]) {
    const exchange = new Exchange();
    const decoder = new OdriveDecoder(specOf('odrive', { checksum }), exchange);
    const answers = ['1.500000', '-0.250000'].map((text) =>
      checksum ? withSum(text) : ascii(`${text}\r\n`),
    );
    assert.deepEqual(ask(exchange, decoder, answers), [[1.5, -0.25]]);
  }
});

test('ODrive: a wrong or missing checksum and an error message are refused', () => {
  const exchange = new Exchange();
  const decoder = new OdriveDecoder(specOf('odrive', { currents: ['ibus'] }), exchange);
  assert.deepEqual(ask(exchange, decoder, [ascii('1.5*1\r\n')]), []);
  assert.deepEqual(ask(exchange, decoder, [ascii('1.5\r\n')]), []);
  const invalid = `invalid property*${odriveChecksum('invalid property')}\r\n`;
  assert.deepEqual(ask(exchange, decoder, [ascii(invalid)]), []);
  assert.deepEqual(counts(decoder).frames, { checksum: 2, number: 1 });
});

test('Roboteq: motor currents in tenths of an ampere, with the echo passed by', () => {
  const exchange = new Exchange();
  const decoder = new RoboteqDecoder(specOf('roboteq'), exchange);
  assert.deepEqual(ask(exchange, decoder, [ascii('?A\rA=100:-25\r')]), [[10, -2.5]]);
  assert.deepEqual(counts(decoder).frames, { echo: 1 });
  assert.deepEqual(roboteqStream(20), [ascii('# C\r'), ascii('?A\r'), ascii('# 20\r')]);
});

test('Roboteq: answers with another number of motors, to other queries and refusals are counted', () => {
  const exchange = new Exchange();
  const decoder = new RoboteqDecoder(specOf('roboteq'), exchange);
  assert.deepEqual(ask(exchange, decoder, [ascii('A=1\rA=1:2:3\rV=1:2\r-\r+\rA=1:x\r')]), []);
  assert.deepEqual(counts(decoder).frames, { columns: 2, answer: 1, acknowledge: 2, number: 1 });
});

test('Roomba: 512 mA and -77 mA (computed)', () => {
  const spec = specOf('create');
  assert.deepEqual(createRequests(spec), [hex('80'), hex('94 02 36 37')]);
  const decoder = new CreateDecoder(spec, new Exchange());
  assert.deepEqual(values(feed(decoder, hex('13 06 36 02 00 37 ff b3 c6'), [2])), [[0.512, -0.077]]);
});

test('Roomba: a frame that begins inside another, or with a wrong sum, does not hide the next one', () => {
  const good = '13 06 36 02 00 37 ff b3 c6';
  const decoder = new CreateDecoder(specOf('create'), new Exchange());
  const bytes = hex(`13 13 06 36 ${good} 13 06 36 02 00 37 ff b3 c7 ${good}`);
  assert.deepEqual(values(feed(decoder, bytes)), [
    [0.512, -0.077],
    [0.512, -0.077],
  ]);
  assert.deepEqual(counts(decoder).bytes, 13);
  assert.deepEqual(counts(decoder).frames, { packets: 2, noise: 2, checksum: 1 });
});

test('Dynamixel: the read request and the answer of raw 100 (computed)', () => {
  const spec = specOf('dynamixel', { ids: [1], unitMa: 2.69 });
  assert.deepEqual(dynamixelRequests(spec), [hex('ff ff fd 00 01 07 00 02 7e 00 02 00 35 49')]);
  const exchange = new Exchange();
  const decoder = new DynamixelDecoder(spec, exchange);
  const [[currentA]] = ask(exchange, decoder, [hex('ff ff fd 00 01 06 00 55 00 64 00 c0 83')], [1]);
  assert.ok(Math.abs(currentA - 0.269) < 1e-12);
});

test('Dynamixel: the echo of the request, another servo and an error status are counted; an alert is not an error', () => {
  const spec = specOf('dynamixel', { ids: [1], unitMa: 1000 });
  const exchange = new Exchange();
  const decoder = new DynamixelDecoder(spec, exchange);
  const answer = (id: number, error: number) => dynamixelPacket(id, 0x55, [error, 0xfe, 0xff]);
  exchange.ask(0);
  const bytes = Buffer.concat([dynamixelRequests(spec)[0], answer(2, 0), answer(1, 4), answer(1, 0x80)]);
  assert.deepEqual(values(feed(decoder, bytes)), [[-2]]);
  assert.deepEqual(counts(decoder).frames, { echo: 1, id: 1, status: 1 });
});

test('Dynamixel: stuffing is undone', () => {
  const packet = dynamixelPacket(1, 0x55, [0, 0xff, 0xff, 0xfd]);
  assert.deepEqual([...packet.subarray(7, 13)], [0x55, 0, 0xff, 0xff, 0xfd, 0xfd]);
  assert.equal(packet[5], 8);
});

test('bytes that nobody asked for, and what came after a time-out, are discarded and counted', () => {
  const exchange = new Exchange();
  const decoder = new RoboclawDecoder(specOf('roboclaw'), exchange);
  assert.deepEqual(feed(decoder, hex('00 fa ff fd 6b 41')), []);
  exchange.ask(0);
  assert.deepEqual(feed(decoder, hex('00 fa')), []);
  exchange.giveUp();
  exchange.ask(0);
  assert.deepEqual(values(feed(decoder, hex('00 fa ff fd 6b 41'))), [[2.5, -0.03]]);
  assert.deepEqual(counts(decoder), { bytes: 8, frames: { unasked: 1, timeout: 1 } });
  decoder.reset();
  assert.deepEqual(drain(decoder), []);
});
