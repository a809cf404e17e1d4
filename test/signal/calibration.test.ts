import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calibrator } from '../../agent/signal/calibration.ts';
import type { ChannelCalibration } from '../../agent/signal/channel-calibration.ts';

const left: ChannelCalibration = { name: 'curL', unit: 'A', offset: 512, gain: 0.05, validRange: [-25, 25] };

/** Pushes `count` raw numbers through a one-channel calibrator that judges every ten samples. */
function feed(channel: ChannelCalibration, raw: (i: number) => number, count = 100): Calibrator {
  const calibrator = new Calibrator([channel]);
  const out = new Float64Array(1);
  for (let i = 0; i < count; i += 1) {
    calibrator.apply(Float64Array.of(raw(i)), out);
    if (i % 10 === 9) calibrator.judge();
  }
  return calibrator;
}

test('a value is (raw - offset) * gain, negated where the sensor is reversed', () => {
  const calibrator = new Calibrator([left, { ...left, name: 'curR', polarity: 'reversed' }]);
  const out = new Float64Array(2);
  assert.equal(calibrator.apply(Float64Array.of(612, 612), out), true);
  assert.deepEqual([...out], [5, -5]);
});

test('a reading with a number that is not finite is refused and counted', () => {
  const calibrator = new Calibrator([left, left]);
  const out = new Float64Array(2);
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.equal(calibrator.apply(Float64Array.of(bad, 1), out), false);
    assert.equal(calibrator.apply(Float64Array.of(1, bad), out), false);
  }
  assert.equal(calibrator.refused, 6);
  assert.equal(calibrator.apply(Float64Array.of(1, 1), out), true);
  assert.equal(calibrator.refused, 6);
});

test('a channel at the end of its range is saturated, and says so by name and unit', () => {
  const healthy = feed(left, (i) => 512 + (i % 7));
  assert.deepEqual(healthy.faults, []);
  const saturated = feed(left, (i) => (i % 5 === 0 ? 1012 : 600 + i));
  assert.equal(saturated.reports[0].saturated, true);
  assert.equal(saturated.reports[0].outOfRange, 20);
  assert.deepEqual(saturated.faults, ['channel curL is saturated: it reaches its limits of -25 and 25 A']);
});

test('a fault ends when the values are good again, and its counter stays', () => {
  const calibrator = feed(left, (i) => (i < 50 ? 2000 + i : 512 + (i % 7)));
  assert.equal(calibrator.reports[0].saturated, false);
  assert.equal(calibrator.reports[0].saturatedBlocks, 5);
});

test('a channel that repeats one number of a driving motor is stuck', () => {
  const stuck = feed(left, () => 572);
  assert.equal(stuck.reports[0].stuck, true);
  assert.deepEqual(stuck.faults, ['channel curL is stuck at 3 A']);
});

test('a motor at rest is not stuck, unless its sensor is known to be noisy', () => {
  assert.equal(feed(left, () => 512).reports[0].stuck, false);
  assert.equal(feed({ ...left, noiseRms: 0.04 }, () => 512).reports[0].stuck, true);
});

test('negative values on a one-sided range mean reversed polarity; noise around zero does not', () => {
  const oneSided: ChannelCalibration = { ...left, validRange: [0, 25] };
  const reversed = feed(oneSided, (i) => 452 + (i % 3));
  assert.equal(reversed.reports[0].reversed, true);
  assert.match(reversed.faults[0], /curL is negative.*polarity reversed/);
  assert.deepEqual(feed(oneSided, (i) => 512 + (i % 2 === 0 ? -4 : 4)).faults, []);
  assert.equal(feed(left, (i) => 452 + (i % 3)).reports[0].reversed, false);
});
