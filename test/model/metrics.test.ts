import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mcnemar } from '../../agent/model/mcnemar.ts';
import { forCard, MetricsAccumulator, score } from '../../agent/model/metrics.ts';

// Made by scripts/drift-metrics-fixture.py with scikit-learn and SciPy.
const fixture = JSON.parse(readFileSync(new URL('../fixtures/drift/metrics.json', import.meta.url), 'utf8'));

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found} is not ${expected}`);

test('scores agree with scikit-learn, also where a label never occurs in the truth', () => {
  const s = score(fixture.labels, fixture.truth, fixture.probabilities);
  const e = fixture.expected;
  near(s.accuracy, e.accuracy);
  near(s.balancedAccuracy, e.balancedAccuracy);
  near(s.macroF1, e.macroF1);
  near(s.ece, e.ece);
  near(s.brier, e.brier);
  assert.deepEqual(s.confusion, e.confusion);
  e.recall.forEach((r: number, k: number) => {
    near(s.perClassRecall[fixture.labels[k]]!, r);
  });
  assert.equal(s.perClassRecall.SNOW, null);
});

test('a model that is always right and sure has no calibration error and no Brier loss', () => {
  const s = score(
    ['a', 'b'],
    [0, 1, 1],
    [
      [1, 0],
      [0, 1],
      [0, 1],
    ],
  );
  assert.deepEqual([s.accuracy, s.balancedAccuracy, s.macroF1, s.ece, s.brier], [1, 1, 1, 0, 0]);
});

test('a model that is always sure and always wrong has an expected calibration error of 1', () => {
  const s = score(
    ['a', 'b'],
    [0, 1],
    [
      [0, 1],
      [1, 0],
    ],
  );
  assert.deepEqual([s.accuracy, s.ece, s.brier], [0, 1, 2]);
});

test('the reliability diagram counts every window once', () => {
  const s = score(fixture.labels, fixture.truth, fixture.probabilities);
  assert.equal(
    s.reliability.reduce((n, b) => n + b.count, 0),
    s.windows,
  );
  for (const b of s.reliability)
    if (b.confidence !== null) assert.ok(b.confidence > b.from - 1e-12 && b.confidence <= b.to + 1e-12);
});

test('scoring nothing and a label that does not exist are refused', () => {
  assert.throws(() => new MetricsAccumulator(['a', 'b']).result(), /no predictions/);
  assert.throws(() => new MetricsAccumulator(['a', 'b']).add(2, [0.5, 0.5]), /no label 2/);
});

test('the card keeps the scores but for the reliability diagram', () => {
  const kept = forCard(
    score(
      ['a', 'b'],
      [0, 1],
      [
        [1, 0],
        [0, 1],
      ],
    ),
    2,
  );
  assert.equal(kept.recordings, 2);
  assert.ok(!('reliability' in kept));
});

test("McNemar's exact p-value agrees with SciPy's binomial test", () => {
  const m = fixture.mcnemar;
  const found = mcnemar(m.first, m.second);
  assert.deepEqual([found.onlyFirst, found.onlySecond], [m.onlyFirst, m.onlySecond]);
  near(found.pValue, m.pValue);
  assert.equal(mcnemar([true, false], [true, false]).pValue, 1);
  assert.throws(() => mcnemar([true], []), /do not pair up/);
});

test("McNemar's test does not underflow on thousands of disagreements", () => {
  const first = Array.from({ length: 6000 }, (_, i) => i % 2 === 0);
  const second = first.map((x) => !x);
  near(mcnemar(first, second).pValue, 1);
});
