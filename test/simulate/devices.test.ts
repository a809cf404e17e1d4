import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtocol } from '../../agent/protocol/registry.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';
import { ascii, counts } from '../protocol/helpers.ts';
import { describeSpec, specOf, specs, stepA, VirtualLine } from '../protocol/specs.ts';

const currentA = (channel: number, timeUs: number) => 2 + channel + 5 * Math.sin(timeUs / 4e5 + channel);

for (const spec of specs) {
  test(`the simulated device is understood: ${describeSpec(spec)}`, () => {
    const protocol = createProtocol(spec, { midStream: false });
    const device = createSimulatedDevice(spec, (channel) => 3.3 - 5.5 * channel, 100);
    const readings = new VirtualLine(protocol, device).run(2e6);
    assert.ok(readings.length > 90, `${readings.length} readings in 2 s`);
    for (const { values } of readings) {
      assert.equal(values.length, 2);
      values.forEach((value, k) => {
        assert.ok(Math.abs(value - (3.3 - 5.5 * k)) <= stepA(spec) / 2 + 1e-6, `${value}`);
      });
    }
    assert.equal(device.commands, 0);
    assert.equal(device.misunderstood, 0);
  });
}

for (const spec of specs) {
  test(`a line with errors costs readings but never shifts a channel: ${describeSpec(spec)}`, () => {
    let seed = 12345;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    const lossy = (bytes: Uint8Array) => {
      const out: number[] = [];
      for (const byte of bytes) {
        if (random() < 0.002) continue;
        out.push(random() < 0.002 ? byte ^ (1 << Math.floor(8 * random())) : byte);
      }
      return Uint8Array.from(out);
    };
    const protocol = createProtocol(spec, { midStream: false });
    const device = createSimulatedDevice(spec, currentA, 100);
    const readings = new VirtualLine(protocol, device, lossy).run(20e6);
    assert.ok(readings.length > 100, `${readings.length} readings in 20 s`);
    assert.ok(counts(protocol.decoder).bytes > 0);
    const allowed = ['underfoot', 'vesc', 'dynamixel'].includes(spec.name) ? 0 : 0.05;
    const wrong = readings.filter(({ values }) =>
      values.some((value, k) => Math.abs(value - 2 - k) > 5.1),
    ).length;
    assert.ok(wrong <= allowed * readings.length, `${wrong} of ${readings.length} out of range`);
  });
}

test('a device that is told to move says so', () => {
  const cases: [Parameters<typeof specOf>[0], Uint8Array][] = [
    ['odrive', ascii('c 0 10\n')],
    ['roboteq', ascii('!G 1 500\r')],
    ['roboclaw', Uint8Array.of(0x80, 0, 127)],
    ['create', Uint8Array.of(128, 137, 0, 200, 128, 0)],
  ];
  for (const [name, bytes] of cases) {
    const device = createSimulatedDevice(specOf(name), currentA, 50);
    device.receive(bytes);
    device.tick(0);
    assert.equal(device.commands, 1, name);
  }
});
