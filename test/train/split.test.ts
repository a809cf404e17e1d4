import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { recordingChances, targets } from '../../agent/train/balance.ts';
import { terminalCurve } from '../../agent/train/report/terminal-curve.ts';
import { groupedFolds } from '../../agent/train/split.ts';

const recordings = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1 }),
    label: fc.constantFrom('A', 'B', 'C'),
    group: fc.option(fc.nat(5).map(String), { nil: undefined }),
  }),
  { selector: (r) => r.id, minLength: 1, maxLength: 40 },
);

describe('a grouped split', () => {
  it('gives every recording one fold, keeps groups whole, and spreads a label evenly', () => {
    fc.assert(
      fc.property(recordings, fc.integer({ min: 2, max: 6 }), fc.nat(), (list, k, seed) => {
        const folds = groupedFolds(list, k, seed);
        assert.equal(folds.size, list.length);
        for (const label of ['A', 'B', 'C']) {
          const own = list.filter((r) => r.label === label);
          const foldOfGroup = new Map<string, number>();
          for (const r of own) {
            const fold = folds.get(r.id) as number;
            assert.ok(fold >= 0 && fold < k);
            const group = r.group ?? r.id;
            assert.equal(foldOfGroup.get(group) ?? fold, fold);
            foldOfGroup.set(group, fold);
          }
          const counts = Array.from(
            { length: k },
            (_, i) => [...foldOfGroup.values()].filter((f) => f === i).length,
          );
          assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());
        }
      }),
    );
  });

  it('never holds out what is always trained on', () => {
    const list = ['a', 'b', 'c'].map((id) => ({ id, label: 'A' }));
    const folds = groupedFolds(list, 2, 1, new Set(['b']));
    assert.equal(folds.get('b'), undefined);
    assert.notEqual(folds.get('a'), folds.get('c'));
  });
});

describe('balance', () => {
  it('draws labels alike and, within a label, recordings alike', () => {
    const y = [0, 0, 0, 0, 1, 1];
    const ids = ['p', 'p', 'p', 'q', 'r', 'r'];
    const chances = recordingChances(y, ids);
    const sum = (of: (i: number) => boolean): number =>
      chances.reduce((total, chance, i) => total + (of(i) ? chance : 0), 0);
    assert.ok(Math.abs(sum((i) => y[i] === 0) - 0.5) < 1e-6);
    assert.ok(Math.abs(sum((i) => ids[i] === 'p') - sum((i) => ids[i] === 'q')) < 1e-6);
  });

  it('smooths targets without changing their sum', () => {
    assert.deepEqual(
      [...targets([1], 4, 0.2)].map((v) => Number(v.toFixed(3))),
      [0.05, 0.85, 0.05, 0.05],
    );
  });
});

describe('the loss curve on a terminal', () => {
  it('has the lines and columns asked for, highest at the left of a falling loss', () => {
    const lines = terminalCurve(
      Array.from({ length: 500 }, (_, i) => Math.exp(-i / 100)),
      40,
      4,
    );
    assert.equal(lines.length, 4);
    for (const line of lines) assert.equal([...line].length, 10 + 40);
    assert.equal([...lines[0]][10], '█');
    assert.equal([...lines[0]].at(-1), ' ');
    assert.notEqual([...lines[3]].at(-1), ' ');
  });
});
