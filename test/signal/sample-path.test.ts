import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createProtocol, protocolSchema } from '../../agent/protocol/registry.ts';
import { createReading, type Window } from '../../agent/signal/sample.ts';
import { SamplePath } from '../../agent/signal/sample-path.ts';

const channels = ['curL', 'curR'];

function createPath(change: Partial<ConstructorParameters<typeof SamplePath>[0]> = {}): SamplePath {
  return new SamplePath({
    channels: channels.map((name, index) => ({
      index,
      calibration: { name, unit: 'A', offset: 512, gain: 0.074, validRange: [-30, 30] },
    })),
    timeBase: { tickUs: 1000, bits: 32 },
    rateHz: 20,
    steps: 10,
    stride: 3,
    ...change,
  });
}

function take(path: SamplePath): Window[] {
  const windows: Window[] = [];
  for (let window = path.next(); window; window = path.next()) windows.push(window);
  return windows;
}

/** Text of a jittered device that loses samples, is restarted once, and has damaged lines. */
function stream(seed: number): Buffer {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const lines: string[] = [];
  let timeMs = 4_294_960_000;
  for (let i = 0; i < 1500; i += 1) {
    timeMs += 9 + Math.floor(random() * 3) + (random() < 0.003 ? 400 : 0);
    if (i === 1000) timeMs = 7;
    const damage = random() < 0.01 ? 'x' : '';
    lines.push(`${timeMs % 2 ** 32},${(512 + 40 * Math.sin(i / 9)).toFixed(2)}${damage},${500 + (i % 17)}\n`);
  }
  return Buffer.from(lines.join(''));
}

test('the same bytes give the same windows to the last bit, however they are cut and whenever they come', () => {
  const spec = protocolSchema.parse({
    name: 'text',
    time: { column: 0, unit: 'ms', wrapBits: 32 },
    columns: channels.map((channel, i) => ({ column: i + 1, channel })),
  });
  const run = (bytes: Buffer, cuts: readonly number[], delayUs: number, nominalRateHz?: number) => {
    const { decoder, timeBase } = createProtocol(spec, { midStream: false });
    const path = createPath({ timeBase, nominalRateHz });
    const windows: Window[] = [];
    let from = 0;
    for (let k = 0; from < bytes.length; k += 1) {
      const to = Math.min(bytes.length, from + cuts[k % cuts.length]);
      decoder.append(bytes.subarray(from, to));
      for (let reading = decoder.next(); reading; reading = decoder.next()) path.push(reading, k * delayUs);
      windows.push(...take(path));
      from = to;
    }
    path.finish();
    windows.push(...take(path));
    return windows;
  };
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.constantFrom(100, undefined),
      (seed, cuts, delayUs, nominalRateHz) => {
        const bytes = stream(seed);
        const whole = run(bytes, [bytes.length], 1, nominalRateHz);
        assert.ok(whole.length > 20, `${whole.length} windows`);
        assert.deepEqual(run(bytes, cuts, delayUs, nominalRateHz), whole);
      },
    ),
    { numRuns: 30, seed: 4 },
  );
});

/** Feeds `count` readings, `stepMs` apart, from `fromMs` on, with the value of the time. */
function feed(path: SamplePath, fromMs: number, count: number, sequence = Number.NaN, stepMs = 50): void {
  const reading = createReading(2);
  for (let i = 0; i < count; i += 1) {
    reading.deviceTicks = fromMs + i * stepMs;
    reading.sequence = sequence + i;
    reading.values.fill(512 + (fromMs + i * stepMs) / 100);
    path.push(reading, Number.NaN);
  }
}

test('no window lies across a gap in time, a jump of the sequence, or a restart of the device', () => {
  const cases: [name: string, behindMs: number, sequence: number][] = [
    ['a gap in time', 3_000, 30],
    ['a lost sample', 1_550, 31],
    ['a restart of the device', 40, Number.NaN],
  ];
  for (const [name, behindMs, sequence] of cases) {
    const path = createPath({ nominalRateHz: 20, sequenceBits: 16 });
    feed(path, 0, 30, 0);
    const before = take(path);
    feed(path, behindMs, 30, sequence);
    const behind = take(path);
    assert.ok(before.length > 3 && behind.length > 3, name);
    assert.deepEqual(
      behind.map((window) => window.afterGap),
      behind.map((_, i) => i === 0),
      name,
    );
    assert.ok(Math.abs(behind[0].data[0] - (behindMs / 100) * 0.074) < 1e-6, name);
    assert.equal(path.counts.restarts, 1, name);
    assert.equal(path.deviceResets, name === 'a restart of the device' ? 1 : 0);
  }
});

test('a reading with a number that is not finite is dropped and bridged, and counted', () => {
  const path = createPath({ nominalRateHz: 20 });
  const reading = createReading(2);
  for (let i = 0; i < 40; i += 1) {
    reading.deviceTicks = i * 50;
    reading.values.fill(i % 10 === 7 ? Number.NaN : 512 + i);
    path.push(reading, Number.NaN);
  }
  path.finish();
  const windows = take(path);
  assert.equal(path.calibrator.refused, 4);
  assert.equal(path.counts.restarts, 0);
  assert.ok(windows.length > 5);
  for (const window of windows) {
    const first = (window.startUs / 50_000) * 0.074;
    window.data.forEach((value, k) => {
      assert.ok(Math.abs(value - first - Math.floor(k / 2) * 0.074) < 1e-5);
    });
  }
});

test('device time is told on the clock of the agent', () => {
  const path = createPath({ nominalRateHz: 100 });
  const reading = createReading(2);
  reading.values.fill(512);
  for (let i = 0; i < 3000; i += 1) {
    reading.deviceTicks = 1_000 + i * 10;
    path.push(reading, 77e6 + i * 10_000 + (i % 8) * 2_000);
  }
  assert.ok(Math.abs(path.toHostUs(1_000_000 + 2999 * 10_000) - (77e6 + 2999 * 10_000)) < 1_000);
});
