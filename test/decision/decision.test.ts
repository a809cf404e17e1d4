import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Decision, entropy } from '../../agent/decision/decision.ts';
import { Hysteresis } from '../../agent/decision/hysteresis.ts';
import { logarithms, scaled, softmax } from '../../agent/decision/scaling.ts';
import { Smoother } from '../../agent/decision/smoother.ts';
import { quantile, unknownThresholds } from '../../agent/decision/thresholds.ts';
import { learnTransitions } from '../../agent/decision/transitions.ts';

const near = (found: number, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} is not ${expected}`);
const sum = (p: ArrayLike<number>) => Array.from(p).reduce((a, b) => a + b, 0);

const probabilities = (labels: number) =>
  fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: labels, maxLength: labels })
    .map((raw) => raw.map((x) => x + 1e-6))
    .map((raw) => Float32Array.from(raw, (x) => x / sum(raw)));

test('softmax at temperature 1 of log probabilities gives the probabilities back', () => {
  fc.assert(
    fc.property(probabilities(5), (p) => {
      const back = softmax(logarithms(p, new Float64Array(5)), 1, new Float64Array(5));
      for (let k = 0; k < 5; k++) near(back[k], p[k], 1e-6);
    }),
  );
});

test('a temperature above 1 makes it less sure and keeps the order', () => {
  fc.assert(
    fc.property(probabilities(4), fc.double({ min: 1.01, max: 20, noNaN: true }), (p, temperature) => {
      const cooled = scaled(logarithms(p, new Float64Array(4)), { temperature }, new Float64Array(4));
      near(sum(cooled), 1, 1e-9);
      assert.ok(Math.max(...cooled) <= Math.max(...p) + 1e-6);
      assert.ok(entropy(cooled) >= entropy(p) - 1e-5);
    }),
  );
});

test('softmax of huge logits neither overflows nor underflows to NaN', () => {
  assert.deepEqual([...softmax([1e4, 0, -1e4], 1, new Float32Array(3))], [1, 0, 0]);
  near(softmax([-1e9, -1e9], 2, new Float64Array(2))[0], 0.5);
});

test('vector scaling takes the place of the temperature: a factor and a bias for each label', () => {
  const vectorScaling = { scale: [1, 2, 1], bias: [0, 0, Math.log(3)] };
  const out = scaled([1, 0.5, 1], { temperature: 7, vectorScaling }, new Float64Array(3));
  [0.2, 0.2, 0.6].forEach((p, k) => {
    near(out[k], p, 1e-12);
  });
});

test("the first window's smoothed probabilities are the model's own", () => {
  fc.assert(
    fc.property(probabilities(5), (p) => {
      const smoothed = new Smoother({ labels: 5, stay: 0.95, evidence: 0.3 }).push(p);
      for (let k = 0; k < 5; k++) near(smoothed[k], p[k], 1e-6);
    }),
  );
});

test('smoothed probabilities always sum to 1, whatever comes in', () => {
  fc.assert(
    fc.property(fc.array(probabilities(3), { maxLength: 50 }), (windows) => {
      const smoother = new Smoother({ labels: 3 });
      for (const p of windows) near(sum(smoother.push(p)), 1, 1e-9);
    }),
  );
});

test('the filter is the forward algorithm, worked out by hand', () => {
  const smoother = new Smoother({ labels: 2, stay: 0.9 });
  smoother.push([0.8, 0.2]);
  const prior = 0.8 * 0.9 + 0.2 * 0.1; // 0.74
  const expected = (prior * 0.4) / (prior * 0.4 + (1 - prior) * 0.6);
  near(smoother.push([0.4, 0.6])[0], expected, 1e-12);
});

test('one window against many does not change the smoothed label, three do', () => {
  const smoother = new Smoother({ labels: 2, stay: 0.95 });
  for (let i = 0; i < 20; i++) smoother.push([0.8, 0.2]);
  assert.ok(smoother.push([0.2, 0.8])[0] > 0.5);
  smoother.push([0.1, 0.9]);
  assert.ok(smoother.push([0.1, 0.9])[1] > 0.5);
});

test('a window of zeros leaves even odds instead of NaN', () => {
  const smoother = new Smoother({ labels: 2 });
  assert.deepEqual([...smoother.push([0, 0])], [0.5, 0.5]);
});

test('impossible options are refused with what was found', () => {
  assert.throws(() => new Smoother({ labels: 2, stay: 1.5 }), /stay: found 1.5/);
  assert.throws(() => new Smoother({ labels: 2, evidence: 0 }), /evidence: found 0/);
  assert.throws(
    () =>
      new Smoother({
        labels: 2,
        transitions: [
          [0.5, 0.4],
          [0, 1],
        ],
      }),
    /row 0 sums to 0.9/,
  );
  assert.throws(() => new Smoother({ labels: 2, transitions: [[1], [0, 1]] }), /row 0 sums to NaN/);
  assert.throws(
    () => unknownThresholds([{ entropyNats: 1 }], 0.1, ['margin']),
    /window 0: found no margin, expected a number/,
  );
});

test('learnt transitions are sticky where drives were and even where none was', () => {
  const matrix = learnTransitions(
    [
      [0, 0, 0, 1, 1],
      [0, 0],
    ],
    3,
    { stay: 0.8, prior: 10 },
  );
  for (const row of matrix) near(sum(row), 1, 1e-12);
  assert.ok(matrix[0][1] > matrix[0][2]);
  near(matrix[2][0], 0.1, 1e-12);
});

test('hysteresis takes the first value at once and a later one only after its hold', () => {
  const held = new Hysteresis({ enter: 0.6, hold: 2 });
  assert.equal(held.push('ICE', 0.3), true);
  assert.equal(held.push('SNOW', 0.9), false);
  assert.equal(held.push('ICE', 0.9), false);
  assert.equal(held.push('SNOW', 0.9), false);
  assert.equal(held.push('SNOW', 0.55), false);
  assert.equal(held.push('SNOW', 0.7), true);
  assert.equal(held.current, 'SNOW');
});

const labels = ['ASPHALT', 'ICE', 'SNOW'];
const p = (...values: number[]) => Float32Array.from(values);

test('a verdict shows raw and smoothed side by side', () => {
  const decision = new Decision({ labels, stay: 0.95 });
  for (let i = 0; i < 10; i++) decision.push(p(0.1, 0.8, 0.1), i === 0);
  const verdict = decision.push(p(0.2, 0.3, 0.5), false);
  assert.equal(verdict.label, 'SNOW');
  assert.equal(verdict.smoothedLabel, 'ICE');
  near(verdict.margin, 0.2);
  near(verdict.entropyNats, entropy([0.2, 0.3, 0.5]));
  assert.equal(verdict.surface, 'ICE');
  assert.equal(verdict.surfaceChanged, false);
});

test('a gap makes the decision forget, so the next window speaks for itself', () => {
  const decision = new Decision({ labels, stay: 0.99 });
  for (let i = 0; i < 30; i++) decision.push(p(0.02, 0.96, 0.02), i === 0);
  const verdict = decision.push(p(0.2, 0.2, 0.6), true);
  assert.equal(verdict.smoothedLabel, 'SNOW');
  near(verdict.smoothedConfidence, 0.6);
  assert.equal(verdict.surface, 'SNOW');
  assert.equal(verdict.surfaceChanged, true);
});

test('each threshold for unknown works and is named', () => {
  const push = (limits: object, window: Float32Array, distance?: number) =>
    new Decision({ labels, ...limits }).push(window, true, distance).unknownBecause;
  assert.deepEqual(push({ minConfidence: 0.5 }, p(0.4, 0.3, 0.3)), ['confidence']);
  assert.deepEqual(push({ minMargin: 0.2 }, p(0.5, 0.45, 0.05)), ['margin']);
  assert.deepEqual(push({ maxEntropy: 0.5 }, p(0.5, 0.45, 0.05)), ['entropy']);
  assert.deepEqual(push({ maxDistance: 4 }, p(1, 0, 0), 5), ['distance']);
  assert.deepEqual(push({ minConfidence: 0.5, maxEntropy: 1, maxDistance: 4 }, p(0.9, 0.1, 0), 3), []);
});

test('an unknown surface is published once, and left when a known one is back', () => {
  const decision = new Decision({ labels, maxDistance: 4, hysteresis: { hold: 2 } });
  const seen: string[] = [];
  for (const distance of [1, 1, 9, 1, 9, 9, 9, 1, 1, 1]) {
    const verdict = decision.push(p(0.9, 0.05, 0.05), false, distance);
    if (verdict.surfaceChanged) seen.push(verdict.surface);
  }
  assert.deepEqual(seen, ['ASPHALT', 'unknown', 'ASPHALT']);
});

test('the verdict is owned by the caller: the next window does not change it', () => {
  const decision = new Decision({ labels });
  const first = decision.push(p(0.8, 0.1, 0.1), true);
  const before = [...first.smoothedProbabilities];
  decision.push(p(0.1, 0.1, 0.8), false);
  assert.deepEqual([...first.smoothedProbabilities], before);
});

test('probabilities of another number of labels are refused', () => {
  assert.throws(() => new Decision({ labels }).push(p(0.5, 0.5), true), /found 2, expected 3/);
});

test('thresholds reject at most the stated share of the known windows', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          entropyNats: fc.integer({ min: 0, max: 1600 }).map((x) => x / 1000),
          distance: fc.integer({ min: 0, max: 9000 }).map((x) => x / 1000),
        }),
        { minLength: 200, maxLength: 400 },
      ),
      (known) => {
        const { maxEntropy, maxDistance } = unknownThresholds(known, 0.1, ['entropy', 'distance']);
        const rejected = known.filter((w) => w.entropyNats > maxEntropy! || w.distance > maxDistance!);
        assert.ok(rejected.length <= 0.1 * known.length);
      },
    ),
  );
});

test('a quantile is one of the values, on the side asked for', () => {
  assert.equal(quantile([3, 1, 2, 10], 0.5, 'down'), 2);
  assert.equal(quantile([3, 1, 2, 10], 0.5, 'up'), 3);
  assert.equal(quantile([3, 1, 2, 10], 1, 'up'), 10);
});
