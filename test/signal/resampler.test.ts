import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Resampler } from '../../agent/signal/resampler.ts';
import { attenuationDb, evenTimes, resample } from './resample.ts';

test('evenly sampled input at the output rate comes out bit-identical and at once', () => {
  for (const inputRateHz of [6.5, undefined]) {
    const resampler = new Resampler({ channels: 2, outputRateHz: 6.5, inputRateHz });
    const seen: number[] = [];
    for (let i = 0; i < 1000; i += 1) {
      // Time stamps as a device rounds them: whole microseconds, then whole milliseconds.
      const timeUs = i % 2 === 0 ? Math.round((i * 1e6) / 6.5) : 1000 * Math.round((i * 1e3) / 6.5);
      resampler.push({ timeUs: timeUs, values: Float64Array.of(Math.sin(i * i), i) });
      for (let step = resampler.next(); step; step = resampler.next()) {
        assert.ok(Math.abs(step.timeUs - (seen.length * 1e6) / 6.5) < 1e-3);
        assert.equal(step.values[0], Math.sin(seen.length * seen.length));
        assert.equal(step.values[1], seen.length);
        seen.push(step.timeUs);
      }
      if (inputRateHz !== undefined || i >= 16) assert.equal(seen.length, i + 1);
    }
    assert.equal(resampler.groupDelayUs, 0);
  }
});

test('frequencies from the new Nyquist frequency on are at least 60 dB down', () => {
  for (const inputRateHz of [20, 100, 1000, 20_000]) {
    for (let f = 0.5; f <= Math.min(6, inputRateHz / 13); f *= inputRateHz > 1000 ? 1.17 : 1.031) {
      const db = attenuationDb(inputRateHz, 6.5, f * 6.5);
      assert.ok(db <= -60, `${inputRateHz} Hz to 6.5 Hz at ${f.toFixed(3)} of the output rate: ${db} dB`);
    }
  }
});

test('the pass-band ripple is at most 0.1 dB up to 0.64 of the new Nyquist frequency', () => {
  for (const inputRateHz of [20, 100, 20_000]) {
    for (let f = 0.01; f <= 0.32; f += inputRateHz > 1000 ? 0.06 : 0.01) {
      const db = attenuationDb(inputRateHz, 6.5, f * 6.5);
      assert.ok(Math.abs(db) <= 0.1, `${inputRateHz} Hz to 6.5 Hz at ${f.toFixed(3)}: ${db} dB`);
    }
  }
});

test('going up passes the lower 0.7 of the input band within 0.1 dB', () => {
  for (let f = 0.01; f <= 0.35; f += 0.01) {
    for (const outputRateHz of [7, 50]) {
      assert.ok(Math.abs(attenuationDb(5, outputRateHz, f * 5)) <= 0.1, `${f}`);
    }
  }
});

test('a constant stays constant at every pair of rates, jittered or not, from first to last step', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 5, max: 2000, noNaN: true }),
      fc.double({ min: 5, max: 50, noNaN: true }),
      fc.double({ min: 0, max: 0.45, noNaN: true }),
      fc.integer({ min: 1, max: 300 }),
      (inputRateHz, outputRateHz, jitter, count) => {
        const times = evenTimes(inputRateHz, count).map(
          (t, i) => t + (jitter * 1e6 * Math.sin(i * 7.7)) / inputRateHz,
        );
        const steps = resample({ inputRateHz, outputRateHz, times, values: times.map(() => 3.25) });
        for (const step of steps) assert.ok(Math.abs(step.value - 3.25) < 1e-9, `${step.value}`);
        const expected = Math.floor(((times[count - 1] - times[0]) * outputRateHz) / 1e6) + 1;
        assert.ok(Math.abs(steps.length - expected) <= 1, `${steps.length} steps, expected ${expected}`);
      },
    ),
    { numRuns: 200, seed: 4 },
  );
});

test('a slow sine survives jittered sampling', () => {
  const wave = (timeUs: number) => Math.sin((2 * Math.PI * timeUs) / 1e6);
  for (const [inputRateHz, limit] of [
    [1000, 0.005],
    [100, 0.005],
    [50, 0.02],
  ] as const) {
    const times = evenTimes(inputRateHz, inputRateHz * 20).map(
      (t, i) => t + (0.3e6 * Math.sin(i * i)) / inputRateHz,
    );
    const steps = resample({ inputRateHz, outputRateHz: 10, times, values: times.map(wave) });
    const inner = steps.slice(12, -12);
    assert.ok(inner.length > 150);
    const worst = Math.max(...inner.map((s) => Math.abs(s.value - wave(s.timeUs))));
    assert.ok(worst < limit, `${inputRateHz} Hz: off by ${worst}`);
  }
});

test('jitter of a tenth of a period at equal and upward rates costs less than 1 % of a slow sine', () => {
  for (const outputRateHz of [9.9, 50]) {
    const wave = (timeUs: number) => Math.sin((2 * Math.PI * timeUs) / 1e6);
    const times = evenTimes(10, 200).map((t, i) => t + (0.1e6 * Math.sin(i * i)) / 10);
    const steps = resample({ inputRateHz: 10, outputRateHz, times, values: times.map(wave) });
    const inner = steps.slice(80, -80);
    const rms = Math.sqrt(inner.reduce((sum, s) => sum + (s.value - wave(s.timeUs)) ** 2, 0) / inner.length);
    assert.ok(inner.length > 30 && rms < 0.01, `to ${outputRateHz} Hz: ${rms}`);
  }
});

test('missing samples below the gap limit are bridged on a straight line', () => {
  const missing = evenTimes(10, 60).filter((_, i) => ![21, 22, 40, 55].includes(i));
  const steps = resample({
    inputRateHz: 10,
    outputRateHz: 10,
    times: missing,
    values: missing.map((t) => t / 1e5),
  });
  assert.equal(steps.length, 60);
  for (const [i, step] of steps.entries())
    assert.ok(Math.abs(step.value - i) < 1e-6, `step ${i}: ${step.value}`);
});

test('a hole wider than the kernel starts a new grid at the sample behind it', () => {
  const resampler = new Resampler({ channels: 1, outputRateHz: 10, inputRateHz: 100 });
  const before = evenTimes(100, 500);
  for (const t of before) {
    resampler.push({ timeUs: t, values: Float64Array.of(1) });
    while (resampler.next());
  }
  const behind = evenTimes(100, 500).map((t) => t + 100e6);
  const times: number[] = [];
  for (const t of behind) {
    resampler.push({ timeUs: t, values: Float64Array.of(2) });
    for (let step = resampler.next(); step; step = resampler.next()) {
      times.push(step.timeUs);
      assert.ok(Math.abs(step.values[0] - 2) < 1e-9);
    }
  }
  assert.equal(times[0], 100e6);
  assert.equal(resampler.holes, 1);
});

test('a sample older than the newest is ignored and counted', () => {
  const resampler = new Resampler({ channels: 1, outputRateHz: 10, inputRateHz: 10 });
  resampler.push({ timeUs: 0, values: Float64Array.of(1) });
  resampler.push({ timeUs: 100_000, values: Float64Array.of(2) });
  resampler.push({ timeUs: 50_000, values: Float64Array.of(99) });
  assert.equal(resampler.late, 1);
  assert.equal(resampler.next()?.values[0], 1);
  assert.equal(resampler.next()?.values[0], 2);
  assert.equal(resampler.next(), undefined);
});

test('after a reset the same input gives the same output to the last bit', () => {
  for (const inputRateHz of [100, undefined]) {
    const resampler = new Resampler({ channels: 1, outputRateHz: 6.5, inputRateHz });
    const run = () => {
      resampler.reset();
      const out: number[] = [];
      const take = () => {
        for (let step = resampler.next(); step; step = resampler.next())
          out.push(step.timeUs, step.values[0]);
      };
      for (let i = 0; i < 999; i += 1) {
        resampler.push({ timeUs: 123 + i * 9_999.7, values: Float64Array.of(Math.cos(i * i)) });
        take();
      }
      resampler.finish();
      take();
      return out;
    };
    const first = run();
    assert.ok(first.length > 100);
    assert.deepEqual(run(), first);
  }
});

test('forgetting to take the steps out is an error, not a loss', () => {
  const resampler = new Resampler({ channels: 1, outputRateHz: 10, inputRateHz: 10 });
  assert.throws(() => {
    for (let i = 0; i < 1000; i += 1) resampler.push({ timeUs: i * 1e5, values: Float64Array.of(1) });
  }, /call next/);
});
