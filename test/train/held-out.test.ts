import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Dataset } from '../../agent/session/dataset.ts';
import { heldOutDrives, heldOutWindows } from '../../agent/train/run/held-out.ts';

/** Windows of up to three labels in up to twelve drives, some of them over several surfaces. */
const drives = fc
  .array(fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((list) => new Map(list.filter((w) => w.some((n) => n > 0)).map((windows, i) => [`d${i}`, windows])));

test('every label is trained on, and judged where a drive of it can be spared', () => {
  fc.assert(
    fc.property(drives, fc.integer({ min: 2, max: 6 }), fc.nat(), (windows, folds, seed) => {
      const held = heldOutDrives(windows, folds, seed);
      for (const k of [0, 1, 2]) {
        const having = [...windows].filter(([, counts]) => counts[k] > 0).map(([id]) => id);
        if (having.length > 0)
          assert.ok(
            having.some((id) => !held.has(id)),
            `${k} is trained on`,
          );
        const only = having.filter((id) => windows.get(id)?.every((n, other) => other === k || n === 0));
        if (only.length > 1)
          assert.ok(
            having.some((id) => held.has(id)),
            `${k} is judged`,
          );
      }
    }),
  );
});

test('a drive over two surfaces is on one side with all of its windows', () => {
  // Ten drives, each first over A and then over B, but for one that is over B alone.
  const labels = ['A', 'B'];
  const windows = Array.from({ length: 10 }, (_, d) => (d === 9 ? [1] : [0, 0, 1])).flatMap((ys, d) =>
    ys.map((y) => ({ y, drive: `d${d}` })),
  );
  const dataset = { labels, y: Int32Array.from(windows, (w) => w.y), driveIds: windows.map((w) => w.drive) };
  const all = [...windows.keys()];
  for (let seed = 1; seed <= 20; seed++) {
    const held = heldOutWindows(dataset as unknown as Dataset, all, { folds: 5, seed });
    const sides = (inside: boolean) =>
      new Set(all.filter((i) => held.has(i) === inside).map((i) => dataset.driveIds[i]));
    const [tested, trained] = [sides(true), sides(false)];
    assert.deepEqual(
      [...tested].filter((id) => trained.has(id)),
      [],
      `seed ${seed}`,
    );
    assert.ok(tested.size >= 1 && tested.size <= 4, `${tested.size} drives are held out`);
  }
});
