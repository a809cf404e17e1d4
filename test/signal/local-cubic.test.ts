import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LocalCubic } from '../../agent/signal/local-cubic.ts';

test('a cubic through four uneven samples is met exactly between the inner two', () => {
  const part = fc.double({ min: -3, max: 3, noNaN: true });
  const interval = fc.double({ min: 0.2, max: 2, noNaN: true });
  fc.assert(
    fc.property(
      fc.tuple(part, part, part, part),
      fc.tuple(interval, interval, interval),
      fc.double({ min: 0, max: 1, noNaN: true }),
      ([a, b, c, d], steps, share) => {
        const value = (x: number) => a + x * (b + x * (c + x * d));
        const cubic = new LocalCubic(2);
        const at = [0, steps[0], steps[0] + steps[1], steps[0] + steps[1] + steps[2]];
        // Older samples are forgotten.
        cubic.push({ at: -1, values: Float64Array.of(1e6, 1e6) });
        for (const x of at) cubic.push({ at: x, values: Float64Array.of(value(x), -value(x)) });
        assert.equal(cubic.from, at[1]);
        assert.equal(cubic.to, at[2]);
        const x = at[1] + share * (at[2] - at[1]);
        const out = new Float64Array(4);
        cubic.evaluate(x, out, 2);
        assert.ok(Math.abs(out[2] - value(x)) < 1e-8 * (1 + Math.abs(value(x))));
        assert.equal(out[3], -out[2]);
      },
    ),
    { seed: 4 },
  );
});

test('it is good nowhere before four samples, and a second sample at one place replaces the first', () => {
  const cubic = new LocalCubic(1);
  for (const [at, value] of [
    [0, 0],
    [1, 9],
    [1, 1],
    [2, 2],
  ]) {
    cubic.push({ at, values: Float64Array.of(value) });
    assert.ok(Number.isNaN(cubic.from));
  }
  cubic.push({ at: 3, values: Float64Array.of(3) });
  const out = new Float64Array(1);
  cubic.evaluate(1.5, out, 0);
  assert.ok(Math.abs(out[0] - 1.5) < 1e-12);
});
