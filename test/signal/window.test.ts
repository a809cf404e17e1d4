import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Window } from '../../agent/signal/sample.ts';
import { Windower } from '../../agent/signal/window.ts';

function run(windower: Windower, from: number, count: number, channels: number): Window[] {
  const windows: Window[] = [];
  const values = new Float64Array(channels);
  for (let i = from; i < from + count; i += 1) {
    for (let c = 0; c < channels; c += 1) values[c] = i * 10 + c;
    const window = windower.push({ timeUs: i * 1000, values });
    if (window) windows.push(window);
  }
  return windows;
}

test('windows are the steps in order, stride apart, without padding', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 120 }),
      (steps, stride, channels, count) => {
        const windows = run(new Windower({ steps, stride, channels }), 0, count, channels);
        assert.equal(windows.length, count < steps ? 0 : Math.floor((count - steps) / stride) + 1);
        for (const [w, window] of windows.entries()) {
          const first = w * stride;
          assert.equal(window.index, w);
          assert.equal(window.startUs, first * 1000);
          assert.equal(window.endUs, (first + steps - 1) * 1000);
          assert.equal(window.afterGap, w === 0);
          const expected = Array.from({ length: steps * channels }, (_, i) => {
            return (first + Math.floor(i / channels)) * 10 + (i % channels);
          });
          assert.deepEqual([...window.data], expected);
        }
      },
    ),
    { seed: 4 },
  );
});

test('no window lies across a reset, and the first behind it says so', () => {
  const windower = new Windower({ steps: 4, stride: 2, channels: 1 });
  assert.equal(run(windower, 0, 7, 1).length, 2);
  windower.reset();
  const windows = run(windower, 100, 6, 1);
  assert.deepEqual(
    windows.map((w) => [w.index, w.startUs, w.afterGap]),
    [
      [2, 100_000, true],
      [3, 102_000, false],
    ],
  );
});

test('steps that are not evenly spaced start anew by themselves', () => {
  const windower = new Windower({ steps: 4, stride: 1, channels: 1 });
  run(windower, 0, 6, 1);
  const windows = run(windower, 8, 5, 1);
  assert.deepEqual(
    windows.map((w) => [w.startUs, w.afterGap]),
    [
      [8_000, true],
      [9_000, false],
    ],
  );
});

test('a window is handed over: later steps do not change it', () => {
  const windower = new Windower({ steps: 3, stride: 3, channels: 1 });
  const [first] = run(windower, 0, 3, 1);
  run(windower, 3, 3, 1);
  assert.deepEqual([...first.data], [0, 10, 20]);
});
