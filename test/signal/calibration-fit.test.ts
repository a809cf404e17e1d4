import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitGain, RunningStatistics } from '../../agent/signal/calibration-fit.ts';

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test('running mean and spread are those of the definition', () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 2, maxLength: 100 }), (values) => {
      const running = new RunningStatistics();
      for (const value of values) running.push(value);
      const mean = values.reduce((a, b) => a + b) / values.length;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
      assert.ok(Math.abs(running.mean - mean) < 1e-6);
      assert.ok(Math.abs(running.std - Math.sqrt(variance)) < 1e-6 * (1 + Math.sqrt(variance)));
      assert.equal(running.count, values.length);
    }),
    { seed: 4 },
  );
});

test('points on a line give that line, whichever way the sensor sits', () => {
  for (const gain of [0.074, -0.074]) {
    const points = [0, 2, 5, 10].map((reference) => ({ reference, raw: 512 + reference / gain }));
    const fit = fitGain(points)!;
    assert.ok(Math.abs(fit.gain - gain) < 1e-12);
    assert.ok(Math.abs(fit.offset - 512) < 1e-9);
    assert.ok(fit.residualRms < 1e-9);
  }
});

test('no other line has a smaller squared error', () => {
  const points = [
    { raw: 500, reference: 0 },
    { raw: 530, reference: 2 },
    { raw: 570, reference: 5 },
    { raw: 660, reference: 10 },
  ];
  const error = (gain: number, offset: number) =>
    points.reduce((sum, p) => sum + ((p.raw - offset) * gain - p.reference) ** 2, 0);
  const fit = fitGain(points)!;
  const best = error(fit.gain, fit.offset);
  assert.ok(Math.abs(best - fit.residuals.reduce((sum, r) => sum + r * r, 0)) < 1e-12);
  for (const factor of [0.99, 1.01]) {
    assert.ok(error(fit.gain * factor, fit.offset) > best);
    assert.ok(error(fit.gain, fit.offset * factor) > best);
  }
});

test('where no line can be drawn there is no fit', () => {
  assert.equal(fitGain([]), undefined);
  assert.equal(fitGain([{ raw: 1, reference: 1 }]), undefined);
  assert.equal(
    fitGain([
      { raw: 1, reference: 1 },
      { raw: 1, reference: 2 },
    ]),
    undefined,
  );
  assert.equal(
    fitGain([
      { raw: 1, reference: 2 },
      { raw: 5, reference: 2 },
    ]),
    undefined,
  );
});
