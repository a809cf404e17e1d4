import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildReference } from '../../agent/drift/build-reference.ts';
import { FeatureExtractor, windowFeatures } from '../../agent/drift/features.ts';

const near = (found: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} is not ${expected}`);
const window = (steps: number, ...channels: ((step: number) => number)[]) =>
  Float64Array.from({ length: steps * channels.length }, (_, i) =>
    channels[i % channels.length](Math.floor(i / channels.length)),
  );
const sine =
  (cycles: number, level = 5, size = 2) =>
  (step: number) =>
    level + size * Math.sin((2 * Math.PI * cycles * step) / 100);

test('level, spread and extremes of a sine are those of the textbook', () => {
  const f = windowFeatures(window(100, sine(5)), 100, ['curL']);
  near(f['curL.mean'], 5);
  near(f['curL.std'], Math.SQRT2);
  near(f['curL.max'], 7);
  near(f['curL.min'], 3);
});

test('the spectrum tells a slow sine from a fast one', () => {
  const slow = windowFeatures(window(100, sine(5)), 100, ['curL']);
  const fast = windowFeatures(window(100, sine(30)), 100, ['curL']);
  near(slow['curL.highShare'], 0);
  near(slow['curL.centroid'], 0.1);
  near(fast['curL.highShare'], 1);
  near(fast['curL.centroid'], 0.6);
});

test('a constant channel has no spectrum, no correlation and is stuck throughout', () => {
  const f = windowFeatures(
    window(100, sine(5), () => 3.21),
    100,
    ['curL', 'curR'],
  );
  assert.deepEqual(
    [f['curR.std'], f['curR.highShare'], f['curR.centroid'], f['curR.stuck'], f['curL-curR.correlation']],
    [f['curR.std'], 0, 0, 1, 0],
  );
  near(f['curR.std'], 0);
});

test('a gain scales level, spread and change alike, and leaves spectrum, correlation and asymmetry alone', () => {
  const value = fc.integer({ min: 0, max: 3000 }).map((x) => x / 100);
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 80, maxLength: 80 }),
      fc.integer({ min: 1, max: 6 }).map((x) => x / 2),
      (data, gain) => {
        const before = windowFeatures(data, 40, ['a', 'b']);
        const after = windowFeatures(
          data.map((x) => x * gain),
          40,
          ['a', 'b'],
        );
        for (const name of ['a.mean', 'a.std', 'a.change', 'b.max', 'b.min'])
          near(after[name], gain * before[name], 1e-9 * (1 + after[name]));
        for (const name of ['a.highShare', 'a.centroid', 'a.stuck', 'a-b.correlation', 'a-b.asymmetry'])
          near(after[name], before[name], 1e-6);
      },
    ),
  );
});

test('channels that go together correlate, mirrored ones do the opposite', () => {
  const together = windowFeatures(window(100, sine(5), sine(5, 9, 1)), 100, ['a', 'b']);
  const mirrored = windowFeatures(window(100, sine(5), sine(5, 5, -2)), 100, ['a', 'b']);
  near(together['a-b.correlation'], 1);
  near(mirrored['a-b.correlation'], -1);
  near(together['a-b.asymmetry'], -4 / 14);
});

test('names and values go together for any number of channels', () => {
  const extractor = new FeatureExtractor(['a', 'b', 'c'], 20);
  assert.equal(extractor.names.length, 3 * 8 + 2 * 2);
  assert.equal(new Set(extractor.names).size, extractor.names.length);
  const values = extractor.extract(
    window(20, sine(1), sine(2), sine(3)),
    new Float64Array(28).fill(Number.NaN),
  );
  assert.ok(values.every(Number.isFinite));
});

test('a reference describes each predicted label on its own', () => {
  const windows = [1, 2, 3, 4, 5].flatMap((x) => [
    { features: [x], predicted: 'ICE', confidence: 0.9 },
    { features: [10 * x], predicted: 'SNOW', confidence: 0.6 },
  ]);
  const reference = buildReference(['curL.mean'], windows);
  near(reference.inputsByLabel.ICE['curL.mean'].mean, 3);
  near(reference.inputsByLabel.SNOW['curL.mean'].std, Math.sqrt(200));
  near(reference.inputs['curL.mean'].mean, 16.5);
  near(reference.confidence.mean, 0.75);
  assert.deepEqual(Object.keys(reference.confidenceByLabel), ['ICE', 'SNOW']);
  assert.equal(reference.inputsByLabel.ICE['curL.mean'].quantiles[3], 3);
  assert.throws(() => buildReference(['x'], []), /no windows/);
});

test('a weight stands for that many windows', () => {
  const twice = [1, 1, 5, 9, 9, 9].map((x) => ({ features: [x], predicted: 'ICE', confidence: x / 10 }));
  const once = [
    [1, 2],
    [5, 1],
    [9, 3],
  ].map(([x, weight]) => ({ features: [x], predicted: 'ICE', confidence: x / 10, weight }));
  const a = buildReference(['f'], twice);
  const b = buildReference(['f'], once);
  near(a.inputs.f.mean, b.inputs.f.mean);
  near(a.inputs.f.std, b.inputs.f.std);
  near(a.confidence.mean, b.confidence.mean);
});
