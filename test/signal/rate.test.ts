import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateMeter, rateHealth } from '../../agent/signal/rate.ts';

test('the rate of the last ten seconds is measured, at 20 kHz and at 0.5 Hz', () => {
  for (const rateHz of [0.5, 6.5, 100, 20_000]) {
    const meter = new RateMeter();
    for (let i = 0; i < Math.min(100_000, 60 * rateHz); i += 1) meter.push({ timeUs: (i * 1e6) / rateHz });
    assert.ok(Math.abs(meter.rateHz() / rateHz - 1) < 1e-6, `${meter.rateHz()} Hz, expected ${rateHz}`);
  }
});

test('a change of rate shows within ten seconds, and silence lowers the rate', () => {
  const meter = new RateMeter();
  let timeUs = 0;
  for (let i = 0; i < 3550; i += 1) {
    timeUs += i < 3000 ? 10_000 : 20_000;
    meter.push({ timeUs: timeUs });
  }
  assert.ok(Math.abs(meter.rateHz() - 50) < 0.1, `${meter.rateHz()}`);
  assert.ok(Math.abs(meter.rateHz(timeUs + 15_000) - 50) < 0.1);
  assert.ok(meter.rateHz(timeUs + 10e6) < 26);
});

test('there is no rate before two samples', () => {
  const meter = new RateMeter();
  assert.ok(Number.isNaN(meter.rateHz()));
  meter.push({ timeUs: 5 });
  assert.ok(Number.isNaN(meter.rateHz(1e6)));
});

test('health compares with the model first, then with the configuration', () => {
  assert.deepEqual(rateHealth({ measuredHz: 6.45, modelHz: 6.5 }), { state: 'ok' });
  assert.deepEqual(rateHealth({ measuredHz: 100.4, configuredHz: 100, modelHz: 6.5 }), { state: 'ok' });
  assert.deepEqual(rateHealth({ measuredHz: 5, configuredHz: 5, modelHz: 6.5 }), {
    state: 'degraded',
    reason: 'samples come at 5 Hz, below the 6.5 Hz that the model needs',
  });
  assert.deepEqual(rateHealth({ measuredHz: 48.13, configuredHz: 100, modelHz: 6.5 }), {
    state: 'degraded',
    reason: 'samples come at 48.1 Hz, the configuration says 100 Hz',
  });
  assert.deepEqual(rateHealth({ measuredHz: Number.NaN, modelHz: 6.5 }), {
    state: 'degraded',
    reason: 'no samples are coming',
  });
});
