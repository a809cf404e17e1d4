import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CalibratedChannel, gainChannel, zeroChannel } from '../../agent/calibrate/calibrate.ts';
import type { RawChannel } from '../../agent/calibrate/raw-collector.ts';
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

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && error.exitCode === 65 && pattern.test(error.message);

test('zero keeps the gain, sets the offset, and gives the noise in amperes', () => {
  const zeroed = zeroChannel(around(512), before);
  assert.equal(zeroed.offset, 512);
  assert.equal(zeroed.gain, 0.1);
  assert.ok(Math.abs(zeroed.noiseRms! - 0.1) < 1e-3);
});

test('zero refuses a motor that runs, one that is switched meanwhile, and too few readings', () => {
  const running = readings(Array.from({ length: 100 }, (_, i) => 512 + 80 * Math.sin(i)));
  assert.throws(
    () => zeroChannel(running, before),
    refused(/curL: noise is 5\.\d+ A, expected below 3 A.*motor running/),
  );
  const switched = readings(Array.from({ length: 100 }, (_, i) => (i < 50 ? 512 : 545)));
  assert.throws(() => zeroChannel(switched, before), refused(/curL: change during the measurement is 3.3 A/));
  assert.throws(
    () => zeroChannel(readings([1, 2, 3]), before),
    refused(/found 3 readings, expected at least 20/),
  );
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
