import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restLimits } from '../../agent/calibrate/at-rest.ts';
import { gainChannel, zeroChannel } from '../../agent/calibrate/calibrate.ts';
import type { RawChannel } from '../../agent/calibrate/raw-collector.ts';
import type { CalibratedChannel } from '../../agent/config/calibration-file.ts';
import { UserError } from '../../agent/errors.ts';
import { RunningStatistics } from '../../agent/signal/calibration-fit.ts';

const before: CalibratedChannel = { name: 'curL', unit: 'A', offset: 0, gain: 0.1, validRange: [-30, 30] };

function readings(values: readonly number[]): RawChannel {
  const channel = {
    name: 'curL',
    whole: new RunningStatistics(),
    halves: [new RunningStatistics(), new RunningStatistics()] as const,
  };
  for (const [i, value] of values.entries()) {
    channel.whole.push(value);
    channel.halves[i < values.length / 2 ? 0 : 1].push(value);
  }
  return channel;
}

/** A hundred readings around `mean` with a spread of 1. */
const around = (mean: number) =>
  readings(Array.from({ length: 100 }, (_, i) => mean + (i % 2 === 0 ? 1 : -1)));

/** Nothing is known of the sensor yet. */
const first = restLimits(before, undefined, undefined);

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && error.exitCode === 65 && pattern.test(error.message);

test('zero keeps the gain, sets the offset, and gives the noise in amperes', () => {
  const zeroed = zeroChannel(around(512), before, first);
  assert.equal(zeroed.offset, 512);
  assert.equal(zeroed.gain, 0.1);
  assert.ok(Math.abs(zeroed.noiseRms! - 0.1) < 1e-3);
});

test('zero refuses a motor that runs, one that is switched meanwhile, and too few readings', () => {
  const running = readings(Array.from({ length: 100 }, (_, i) => 512 + 80 * Math.sin(i)));
  assert.throws(
    () => zeroChannel(running, before, first),
    refused(/curL: noise is 5\.\d+ A, expected below 3 A.*motor running/),
  );
  const switched = readings(Array.from({ length: 100 }, (_, i) => (i < 50 ? 512 : 545)));
  assert.throws(
    () => zeroChannel(switched, before, first),
    refused(/curL: change during the measurement is 3.3 A/),
  );
  assert.throws(
    () => zeroChannel(readings([1, 2, 3]), before, first),
    refused(/found 3 readings, expected at least 20/),
  );
});

test('zero refuses a robot that drives steadily, by the offset so far and by what driving draws', () => {
  const known = { ...before, offset: 512 };
  const driven = { quantiles: [0.1, 1.2, 3, 4, 8, 13, 14] };
  const steady = around(512 + 10); // 1 A with no more noise than at rest.
  assert.throws(
    () => zeroChannel(steady, known, restLimits(known, known, driven)),
    refused(/curL: current is 1 A, expected below 0\.6 A \(half of what driving draws.*--new-sensor/),
  );
  assert.throws(
    () => zeroChannel(around(512 + 40), known, restLimits(known, known, undefined)),
    refused(/curL: current is 4 A, expected below 3 A \(5 % of the valid range\): is a motor running/),
  );
  // A zero that went astray a little is what the command is for, and a new sensor may have any.
  assert.equal(zeroChannel(around(515), known, restLimits(known, known, driven)).offset, 515);
  assert.equal(zeroChannel(steady, known, restLimits(known, undefined, driven)).offset, 522);
});

test('zero refuses more noise than the last zero had, unless it is little', () => {
  const known = { ...before, offset: 512, noiseRms: 0.1 };
  const wild = (amplitude: number) =>
    readings(Array.from({ length: 100 }, (_, i) => 512 + (i % 2 === 0 ? amplitude : -amplitude)));
  const limits = restLimits(known, known, undefined);
  assert.throws(
    () => zeroChannel(wild(3.2), known, limits),
    refused(/curL: noise is 0\.32\d* A, expected below 0\.3 A \(from the noise of the last zero\)/),
  );
  assert.equal(zeroChannel(wild(2.8), known, limits).offset, 512);
});

test('gain fits a line through the references and the zero point, and keeps the residuals', () => {
  const zeroed = { ...before, offset: 512, noiseRms: 0.1 };
  const points = [2, 5, 10].map((reference) => ({ reference, raw: around(512 + reference / 0.074) }));
  const fitted = gainChannel(points, zeroed);
  assert.ok(Math.abs(fitted.gain - 0.074) < 1e-8);
  assert.ok(Math.abs(fitted.offset - 512) < 1e-6);
  assert.equal(fitted.residuals?.length, 4);
  assert.ok(Math.abs(fitted.noiseRms! - 0.074) < 1e-6);
  assert.equal(fitted.polarity, undefined);
});

test('a sensor that sits the other way round gets a positive gain and reversed polarity', () => {
  const points = [2, 5].map((reference) => ({ reference, raw: around(512 - reference / 0.074) }));
  const fitted = gainChannel(points, before);
  assert.equal(fitted.polarity, 'reversed');
  assert.ok(Math.abs(fitted.gain - 0.074) < 1e-8);
});

test('a bad fit is refused with the residual and the limit', () => {
  const points = [2, 5, 10].map((reference) => ({ reference, raw: around(512 + reference ** 2) }));
  assert.throws(
    () => gainChannel(points, before),
    refused(/curL: found a residual of 0\.\d+ A rms .*expected at most 0.2 A/),
  );
  const dead = [2, 5].map((reference) => ({ reference, raw: around(512) }));
  assert.throws(
    () => gainChannel(dead, before),
    refused(/do not follow the reference \(2 -> 512, 5 -> 512\)/),
  );
});
