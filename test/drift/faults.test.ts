import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReference } from '../../agent/drift/build-reference.ts';
import { Faults } from '../../agent/drift/faults.ts';
import { FeatureExtractor } from '../../agent/drift/features.ts';
import { Random } from '../../agent/simulate/random.ts';

const STEPS = 100;
const STEP_A = 0.131;
const random = new Random(7);
const extractor = new FeatureExtractor(['curL'], STEPS);
/** A window on the lattice of a converter; `gain` and `zeroA` are what was done to its readings. */
const onLattice = ({ gain = 1, zeroA = 0 } = {}) =>
  Float32Array.from(
    { length: STEPS },
    () => gain * STEP_A * (30 + Math.floor(20 * random.uniform())) + zeroA,
  );
/** The sensor hardly moves: too few changes to see a lattice by. */
const quiet = () => new Float32Array(STEPS).fill(5).fill(6, 50);
const judge = (faults: Faults, data: Float32Array) =>
  faults.push({
    data,
    features: extractor.extract(data, new Float64Array(extractor.names.length)),
    rateHz: 6.5,
  });

const reference = buildReference(
  extractor.names,
  Array.from({ length: 20 }, () => {
    const data = onLattice();
    const features = extractor.extract(data, new Float64Array(extractor.names.length));
    return { features, data, predicted: 'ICE', confidence: 0.9 };
  }),
);
const create = () => new Faults(reference, extractor.names, { expectedHz: 6.5, modelHz: 6.5 });

test("the reference knows the converter's step", () => {
  assert.ok(Math.abs(reference.resolution!.curL.step / STEP_A - 1) < 1e-3);
});

test('the gain that the lattice shows is 1 again as soon as the lattice is', () => {
  const faults = create();
  for (let i = 0; i < 5; i++) judge(faults, onLattice({ gain: 1.5 }));
  assert.ok(Math.abs(faults.latticeGain - 1.5) < 0.01, `${faults.latticeGain}`);
  assert.deepEqual(judge(faults, onLattice()), []);
  assert.equal(faults.latticeGain, 1);
});

test('a quiet window neither ends nor begins a fault of the lattice, of its step or of its zero', () => {
  for (const [moved, what] of [
    [{ gain: 1.5 }, 'curL.resolution'],
    [{ zeroA: 0.4 * STEP_A }, 'curL.zero'],
  ] as const) {
    const faults = create();
    assert.deepEqual(judge(faults, quiet()), []);
    let last = judge(faults, onLattice(moved));
    for (let i = 0; i < 4; i++) last = judge(faults, onLattice(moved));
    const [before] = last;
    assert.equal(before.what, what);
    assert.ok(before.statistic >= before.threshold);
    assert.deepEqual(judge(faults, quiet()), [before]);
    assert.deepEqual(judge(faults, onLattice()), []);
  }
});
