import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeviceClock } from '../../agent/signal/clock.ts';

test('counters of 16 and 32 bits are unwrapped in us and ms, whatever the first value', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16, 32),
      fc.constantFrom(1, 1000),
      fc.nat(2 ** 32 - 1),
      fc.array(fc.nat(2 ** 15 - 1), { minLength: 1, maxLength: 200 }),
      (bits, tickUs, first, steps) => {
        const clock = new DeviceClock({ tickUs, bits });
        const start = first % 2 ** bits;
        let total = start;
        assert.equal(clock.unwrap(start), start * tickUs);
        for (const step of steps) {
          const scaled = bits === 32 ? step * 65_536 : step;
          total += scaled;
          assert.equal(clock.unwrap(total % 2 ** bits), total * tickUs);
        }
        assert.equal(clock.resets, 0);
      },
    ),
    { seed: 4 },
  );
});

test('a counter that never wraps is taken as sent', () => {
  const clock = new DeviceClock({ tickUs: 1e6 });
  for (const seconds of [0, 0.15384615384615385, 0.3076923076923077, 1e9]) {
    assert.equal(clock.unwrap(seconds), seconds * 1e6);
  }
  assert.equal(clock.resets, 0);
});

test('a restart of the device is reported, and the line goes on one microsecond later', () => {
  for (const [bits, tickUs] of [
    [32, 1],
    [32, 1000],
    [16, 1000],
    [undefined, 1],
    [undefined, 1e6],
  ] as const) {
    const clock = new DeviceClock({ tickUs, bits });
    clock.unwrap(5_000);
    const last = clock.unwrap(5_100);
    const behind = clock.unwrap(30);
    assert.equal(clock.resets, 1, `${bits} bits`);
    assert.ok(Math.abs(behind - last - 1) < 1e-3);
    assert.ok(Math.abs(clock.unwrap(130) - behind - 100 * tickUs) < 1e-3);
    assert.equal(clock.resets, 1);
  }
});

test('the line never falls, whatever the ticks are', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16, 32, undefined),
      fc.array(fc.oneof(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), fc.nat(2 ** 32)), {
        maxLength: 100,
      }),
      (bits, ticks) => {
        const clock = new DeviceClock({ tickUs: 1, bits });
        let last = Number.NEGATIVE_INFINITY;
        for (const t of ticks) {
          const timeUs = clock.unwrap(t);
          assert.ok(timeUs >= last - 1e-3, `${timeUs} after ${last}`);
          last = timeUs;
        }
      },
    ),
    { seed: 4 },
  );
});
