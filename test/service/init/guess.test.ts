import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtocol, type ProtocolSpec, protocolSchema } from '../../../agent/protocol/registry.ts';
import { guessProtocol, withChannels } from '../../../agent/service/init/guess.ts';
import { createSimulatedDevice } from '../../../agent/simulate/devices/registry.ts';
import { Random } from '../../../agent/simulate/random.ts';
import { SimulatedRobot } from '../../../agent/simulate/robot.ts';
import { RobotCurrent } from '../../../agent/simulate/robot-current.ts';

const rateHz = 100;
const seconds = 3;

/** What a device of this kind sends in 3 s. */
function sent(spec: ProtocolSpec): Buffer {
  const current = new RobotCurrent(new SimulatedRobot({ seed: 3, rateHz, dwellS: 40, load: 1 }), rateHz);
  const device = createSimulatedDevice(spec, current.at, rateHz);
  const parts: Uint8Array[] = [];
  for (let us = 0; us < seconds * 1e6; us += 2000) {
    const bytes = device.tick(us);
    if (bytes) parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** First channel and device time of every reading. */
function read(spec: ProtocolSpec, bytes: Uint8Array): string[] {
  const { decoder, timeBase } = createProtocol(spec);
  decoder.append(bytes);
  const rows: string[] = [];
  for (let reading = decoder.next(); reading; reading = decoder.next()) {
    rows.push(
      `${reading.deviceTicks * (timeBase?.tickUs ?? Number.NaN)} ${reading.values[0]} ${reading.values[1]}`,
    );
  }
  return rows;
}

const time = { column: 0, unit: 'us', wrapBits: 32 };
const devices: Record<string, object> = {
  'comma-separated columns': { name: 'text', columns: [1, 2], time },
  'semicolons with decimal commas': { name: 'text', delimiter: ';', decimal: ',', columns: [1, 2], time },
  'columns between spaces': { name: 'text', delimiter: ' ', columns: [1, 2], time },
  'milliseconds in the last column': {
    name: 'text',
    columns: [0, 1],
    time: { column: 2, unit: 'ms', wrapBits: 32 },
  },
  'no time at all': { name: 'text', columns: [0, 1] },
  'a counter': { name: 'text', columns: [2, 3], time, sequence: { column: 1, wrapBits: 16 } },
  'Arduino plotter': { name: 'plotter', columns: ['left', 'right'] },
  'JSON lines': {
    name: 'json',
    columns: ['m.left', 'm.right'],
    time: { path: 't', unit: 'ms', wrapBits: 32 },
  },
  'underfoot binary': { name: 'underfoot', channels: ['left', 'right'] },
};

for (const [name, plain] of Object.entries(devices)) {
  test(`${name}: the guess reads the same readings as the true settings, from the middle of a stream`, () => {
    const spec = protocolSchema.parse(plain);
    const bytes = sent(spec).subarray(57);
    const guess = guessProtocol(bytes, seconds);
    assert.ok(guess, 'nothing was recognised');
    assert.equal(guess.protocol.name, spec.name);
    assert.ok(guess.share > 0.9, `${guess.share} understood`);
    assert.ok(Math.abs(guess.framesPerS - rateHz) < 3, `${guess.framesPerS} Hz`);
    const found = protocolSchema.parse(withChannels(guess, ['left', 'right']));
    assert.deepEqual(createProtocol(found).channels, ['left', 'right']);
    const rows = read(found, bytes);
    assert.ok(rows.length > 0.95 * rateHz * seconds, `${rows.length} readings`);
    assert.deepEqual(rows, read(spec, bytes));
  });
}

test('a header line gives the columns their names', () => {
  const lines = Array.from({ length: 200 }, (_, i) => `${i * 10000},${1 + (i % 7) / 10},${2 + (i % 5) / 10}`);
  const guess = guessProtocol(Buffer.from(`x\ntime_us,left,right\n${lines.join('\n')}\n`), 2);
  assert.deepEqual(
    guess?.fields.map((field) => field.key),
    ['left', 'right'],
  );
  assert.deepEqual(guess?.protocol.time, { column: 'time_us', unit: 'us', wrapBits: 32 });
});

test('noise, as of a wrong baud rate, is not recognised', () => {
  const random = new Random(5);
  for (let round = 0; round < 50; round++) {
    const noise = Uint8Array.from({ length: 2000 }, () => random.integer(256));
    assert.equal(guessProtocol(noise, 2), undefined);
  }
});

test('silence and prose are not recognised', () => {
  assert.equal(guessProtocol(new Uint8Array(0), 2), undefined);
  assert.equal(
    guessProtocol(Buffer.from('Booting...\nok\nWelcome to the robot\nready\n'.repeat(9)), 2),
    undefined,
  );
});
