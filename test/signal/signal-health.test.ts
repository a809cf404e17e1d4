import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReading } from '../../agent/signal/sample.ts';
import { SamplePath } from '../../agent/signal/sample-path.ts';
import { SignalHealth, signalReport } from '../../agent/signal/signal-health.ts';

/** A path fed by a device of 100 Hz; `feed` gives it seconds of data. */
function start(change: Partial<ConstructorParameters<typeof SamplePath>[0]> = {}) {
  const path = new SamplePath({
    channels: [
      { index: 0, calibration: { name: 'curL', unit: 'A', offset: 0, gain: 1, validRange: [-20, 20] } },
    ],
    timeBase: { tickUs: 1000, bits: 32 },
    nominalRateHz: 100,
    rateHz: 50,
    steps: 100,
    stride: 50,
    ...change,
  });
  const reading = createReading(1);
  let timeMs = 0;
  return {
    path,
    skip: (ms: number) => {
      timeMs += ms;
    },
    feed(seconds: number, value: (i: number) => number = (i) => i % 7, stepMs = 10) {
      for (let i = 0; i < (seconds * 1000) / stepMs; i += 1) {
        timeMs += stepMs;
        reading.deviceTicks = timeMs;
        reading.values[0] = value(i);
        path.push(reading, timeMs * 1000 + 2_000);
        while (path.next());
      }
    },
    look: (health: SignalHealth, modelHz = 50) =>
      health.reasons(path, { configuredHz: 100, modelHz, silent: false }, timeMs * 1000),
  };
}

test('good data has no reasons', () => {
  const { feed, look } = start();
  const health = new SignalHealth();
  for (let i = 0; i < 20; i += 1) {
    feed(5);
    assert.deepEqual(look(health), []);
  }
});

test('a rate below what the model needs is a reason, and so is silence', () => {
  const { path, feed, look } = start();
  const health = new SignalHealth();
  feed(20);
  assert.deepEqual(look(health, 200), ['samples come at 100 Hz, below the 200 Hz that the model needs']);
  assert.deepEqual(health.reasons(path, { modelHz: 50, silent: true }, 20e6), ['no samples are coming']);
});

test('the words stay the same while the rate wobbles, and change when it changes', () => {
  const { feed, look } = start();
  const health = new SignalHealth();
  feed(20, undefined, 40);
  const said = look(health, 50);
  assert.deepEqual(said, ['samples come at 25 Hz, below the 50 Hz that the model needs']);
  feed(20, undefined, 42);
  assert.deepEqual(look(health, 50), said);
  feed(20, undefined, 49);
  assert.deepEqual(look(health, 50), ['samples come at 20.4 Hz, below the 50 Hz that the model needs']);
});

test('three gaps within a minute are a reason, until they are a minute old', () => {
  const { feed, skip, look } = start();
  const health = new SignalHealth();
  feed(10);
  look(health);
  for (let i = 0; i < 3; i += 1) {
    skip(200);
    feed(2);
  }
  assert.deepEqual(look(health), ['3 gaps or more in the data within a minute: each restarts the window']);
  feed(50);
  assert.equal(look(health).length, 1);
  feed(20);
  assert.deepEqual(look(health), []);
});

test('samples that are no finite numbers are a reason', () => {
  const { feed, look } = start();
  const health = new SignalHealth();
  feed(5);
  look(health);
  feed(5, (i) => (i % 10 === 0 ? Number.NaN : i % 7));
  assert.deepEqual(look(health), ['more than 1 % of the samples within a minute were no finite numbers']);
});

test('a sensor that saturates is a reason by name, and stands in the report', () => {
  const { path, feed, look } = start();
  const health = new SignalHealth();
  feed(10, (i) => (i % 3 === 0 ? 20 : 5));
  assert.deepEqual(look(health), ['channel curL is saturated: it reaches its limits of -20 and 20 A']);
  const report = signalReport(path);
  assert.equal(report.channels[0].saturated, true);
  assert.equal(report.channels[0].outOfRange, 334);
  assert.equal(report.delayS, 12 / 50);
  assert.equal(report.deviceResets, 0);
  assert.ok(Math.abs(report.clockSkewPpm!) < 1);
});
