import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Crossing, overlapOf, Settling } from '../../agent/drift/settling.ts';

const window = (label: string, smoothedLabel = label, surfaceChanged = false): Crossing => ({
  label,
  smoothedLabel,
  surfaceChanged,
});

/** Pushes windows whose number is their index; gives [number, label, restart] of those that are settled. */
function pass(settling: Settling, windows: readonly Crossing[]): [number, string, boolean][] {
  const passed: [number, string, boolean][] = [];
  windows.forEach((w, i) => {
    settling.room[0] = i;
    for (const s of settling.push(w)) passed.push([s.values[0], s.label, s.restart]);
  });
  for (const s of settling.flush()) passed.push([s.values[0], s.label, s.restart]);
  return passed;
}

test('windows of one surface all pass, in order', () => {
  const settling = new Settling(1, 3);
  const all = pass(settling, new Array(20).fill(window('A')));
  assert.deepEqual(
    all.map(([i]) => i),
    [...new Array(20).keys()],
  );
  assert.equal(settling.dropped, 0);
});

test('across a change, windows of both surfaces are dropped and later ones go to the new surface', () => {
  // Steps 100, stride 25. The surface changes with window 6, which still has three quarters of its steps before.
  const overlap = overlapOf({ steps: 100, stride: 25 });
  assert.equal(overlap, 3);
  const windows = [
    ...new Array(7).fill(window('A')), // 0 to 5 are on A, 6 is across with a quarter of B
    ...new Array(3).fill(window('B', 'A')), // 7, 8 across, 9 on B: the smoothed label is late
    window('B', 'B', true), // 10
    ...new Array(5).fill(window('B')),
  ];
  const settling = new Settling(1, overlap);
  const passed = pass(settling, windows);
  assert.deepEqual(
    passed.map(([i, label]) => `${i}${label}`),
    ['0A', '1A', '2A', '3A', '4A', '9B', '10B', '11B', '12B', '13B', '14B', '15B'],
  );
  assert.equal(settling.dropped, 4);
  assert.deepEqual(
    passed.filter(([, , restart]) => restart).map(([i]) => i),
    [10],
  );
});

test('a change that is known at once drops the windows that are still to come', () => {
  const windows = [
    ...new Array(5).fill(window('A')),
    window('B', 'B', true),
    ...new Array(4).fill(window('B')),
  ];
  const passed = pass(new Settling(1, 3), windows);
  assert.deepEqual(
    passed.map(([i, label, restart]) => `${i}${label}${restart ? ' anew' : ''}`),
    ['0A', '1A', '2A', '7B anew', '8B', '9B'],
  );
});

test('a label that contradicts the smoothed one for long holds nothing back for good', () => {
  const settling = new Settling(1, 3);
  const passed = pass(settling, new Array(40).fill(window('B', 'A')));
  assert.equal(passed.length, 40);
  assert.ok(passed.every(([, label]) => label === 'A'));
});

test('where the window of a change is dropped, the next one begins anew, not one that is held from before', () => {
  const windows = [
    ...new Array(4).fill(window('A')),
    ...new Array(3).fill(window('C', 'A')),
    window('B', 'B', true),
    ...new Array(3).fill(window('B')),
  ];
  const passed = pass(new Settling(1, 1), windows);
  assert.deepEqual(
    passed.map(([i, label, restart]) => `${i}${label}${restart ? ' anew' : ''}`),
    ['0A', '1A', '2A', '3A', '4A', '5A', '8B anew', '9B', '10B'],
  );
});

test('whatever comes, every window is passed on once or dropped, in order', () => {
  const label = fc.constantFrom('A', 'B', 'C');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(label, label, fc.boolean()), { maxLength: 150, size: 'max' }),
      fc.integer({ min: 0, max: 99 }),
      (raw, overlap) => {
        const settling = new Settling(1, overlap);
        const passed = pass(
          settling,
          raw.map(([l, s, c]) => window(l, s, c)),
        );
        assert.equal(passed.length + settling.dropped, raw.length);
        for (let i = 1; i < passed.length; i++) assert.ok(passed[i][0] > passed[i - 1][0]);
        for (const [i, , restart] of passed) assert.ok(!restart || raw.slice(0, i + 1).some(([, , c]) => c));
      },
    ),
  );
});
