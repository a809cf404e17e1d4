import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GainTracker } from '../../agent/drift/recover/gain-tracker.ts';
import { latticeGain } from '../../agent/drift/recover/lattice-gain.ts';
import { levelStatistics, levelsOf } from '../../agent/drift/recover/levels.ts';
import { fitReference, type ReferenceDrive } from '../../agent/drift/recover/reference-fit.ts';
import { type Drive, surfaceLevels } from '../../agent/drift/recover/surface-levels.ts';
import type { Reference } from '../../agent/drift/reference.ts';
import { Random } from '../../agent/simulate/random.ts';

const resolution = { step: 0.13, phase: 0.5, fit: 0.99 };
const shape = { channels: 1, steps: 50, stride: 10 };
const surfaces: Record<string, { level: number; swing: number; spread: number }> = {
  ICE: { level: 3, swing: 0.3, spread: 0.2 },
  FLOORING: { level: 4, swing: 3, spread: 0.05 },
  SNOW: { level: 9, swing: 2, spread: 0.3 },
};
/** What a converter with steps of 0.13 A and a dead band makes of it. */
const digitise = (a: number) => (a < 0.5 ? 0 : 0.13 * (Math.round(a / 0.13 - 0.5) + 0.5));

/** A drive of `steps` on a surface: a slow swing and noise around a level that differs a little from drive to drive. */
function drive(label: string, seed: number, { gain = 1, steps = 400, read = digitise } = {}): Float64Array {
  const random = new Random(seed);
  const { level, swing, spread } = surfaces[label];
  const own = Math.exp(spread * random.normal());
  return Float64Array.from({ length: steps }, (_, i) =>
    read(gain * Math.max(0, own * (level + swing * Math.sin(i / 9) + 0.6 * random.normal()))),
  );
}

const drives = Object.keys(surfaces).flatMap((label, l) =>
  Array.from({ length: 8 }, (_, i): Drive => {
    return { recording: `${label}/${i}`, label, data: drive(label, 100 * l + i + 1) };
  }),
);
const known = surfaceLevels(drives, shape);
const to = (label: string) => ({
  channels: ['curL'],
  label,
  surfaces: known,
  resolution: { curL: resolution },
});
const asDrive = (values: Float64Array): ReferenceDrive => ({ readings: [values], steps: values });
const noisy = (seed: number) => {
  const random = new Random(seed);
  return (a: number) => a + 0.1 * random.normal();
};

function gainOf(values: Float64Array, label: string) {
  const fit = fitReference(asDrive(values), to(label));
  assert.ok(!('refused' in fit), 'refused' in fit ? fit.refused : '');
  return fit.channels[0];
}

test('a gain adds its logarithm to every level, whatever it is', () => {
  const values = drive('FLOORING', 1);
  const [one, other] = [1, 1.7].map((gain) => {
    const out = new Float64Array(levelStatistics.length);
    levelsOf(
      values.map((v) => v * gain),
      out,
    );
    return out;
  });
  for (let i = 0; i < one.length; i++) assert.ok(Math.abs(other[i] - one[i] - Math.log(1.7)) < 1e-9);
});

test('a scaled recording shows its gain by the step of the converter, to two parts in a thousand', () => {
  for (const gain of [0.8, 1, 1.25, 1.5, 2]) {
    for (const label of Object.keys(surfaces)) {
      const values = drive(label, 77).map((v) => Number((v * gain).toFixed(2)));
      const found = gainOf(values, label);
      assert.equal(found.method, 'lattice');
      assert.ok(Math.abs(found.gain / gain - 1) < 0.002, `${label} x ${gain}: ${found.gain}`);
    }
  }
});

test('an offset shows in what a dead band clamps to', () => {
  const values = drive('FLOORING', 78).map((v) => 1.5 * v + 0.5);
  const found = latticeGain(values, resolution);
  assert.ok(Math.abs(found!.gain - 1.5) < 0.003);
  assert.equal(found!.offset, 0.5);
});

test('without a lattice the level of a steady surface tells the gain, and says how well', () => {
  const found = gainOf(drive('FLOORING', 79, { gain: 1.5, read: noisy(5) }), 'FLOORING');
  assert.equal(found.method, 'levels');
  assert.ok(Math.abs(Math.log(found.gain / 1.5)) < 0.15, String(found.gain));
  assert.ok(found.uncertainty > 0.01 && found.uncertainty < 0.2);
});

test('a heavier load leaves the lattice as it is, and shows in the level', () => {
  const found = gainOf(drive('FLOORING', 80, { gain: 1.5 }), 'FLOORING');
  assert.equal(found.method, 'levels');
  assert.ok(Math.abs(Math.log(found.gain / 1.5)) < 0.15, String(found.gain));
});

test('steps of another converter are no gain', () => {
  const coarse = (a: number) => 0.2 * Math.round(a / 0.2);
  assert.equal(gainOf(drive('FLOORING', 81, { read: coarse }), 'FLOORING').method, 'levels');
});

test('it refuses a dead channel, another surface, noise, and a surface that tells nothing', () => {
  const refusals: [Float64Array, string, RegExp][] = [
    [new Float64Array(400), 'FLOORING', /curL holds one value for 100 %/],
    [drive('SNOW', 82), 'ICE', /another surface/],
    [Float64Array.from({ length: 400 }, (_, i) => (i % 2) * 60), 'ICE', /no gain|against the reference/],
    [
      drive('SNOW', 83, { gain: 1.3, read: noisy(6) }),
      'SNOW',
      /differ by .* among themselves.*drive on FLOORING/,
    ],
  ];
  for (const [values, label, reason] of refusals) {
    const fit = fitReference(asDrive(values), to(label));
    assert.match('refused' in fit ? fit.refused : `accepted ${JSON.stringify(fit)}`, reason);
  }
});

const tracker = (reference: Partial<Reference> = { resolution: { curL: resolution }, surfaces: known }) =>
  new GainTracker(reference as Reference, { channels: ['curL'], steps: 100, stride: 10, rateHz: 6.5 });
const windowsOf = (values: Float64Array) =>
  Array.from({ length: Math.floor((values.length - 100) / 10) + 1 }, (_, i) =>
    Float32Array.from(values.subarray(10 * i, 10 * i + 100)),
  );

test('gain tracking takes a scaled current out within three windows of a start', () => {
  const gain = tracker();
  const windows = windowsOf(drive('SNOW', 84).map((v) => v * 1.5));
  for (const window of windows.slice(0, 2)) assert.equal(gain.correct(window, 6.5), window);
  const corrected = gain.correct(windows[2], 6.5);
  corrected.forEach((v, i) => {
    assert.ok(Math.abs(v - windows[2][i] / 1.5) < 0.02);
  });
  assert.ok(Math.abs(gain.state.byLattice[0] - 1.5) < 0.005);
});

test('it leaves an unchanged current as it is, over changes of surface', () => {
  const gain = tracker();
  for (let i = 0; i < 30; i++) {
    const label = Object.keys(surfaces)[i % 3];
    for (const window of windowsOf(drive(label, 200 + i))) assert.equal(gain.correct(window, 6.5), window);
  }
  assert.deepEqual(gain.state.gain, [1]);
});

test('a change within a drive is followed without a detour, and back again', () => {
  const gain = tracker();
  const values = drive('FLOORING', 85, { steps: 1800 });
  const scaled = values.map((v, i) => (i >= 600 && i < 1200 ? v * 1.5 : v));
  const seen = new Set<string>();
  let middle = 0;
  windowsOf(scaled).forEach((window, i) => {
    gain.correct(window, 6.5);
    seen.add(gain.state.gain[0].toFixed(1));
    if (i === 100) middle = gain.state.gain[0];
  });
  assert.deepEqual([...seen].sort(), ['1.0', '1.5']);
  assert.ok(Math.abs(middle - 1.5) < 0.01);
  assert.equal(gain.state.gain[0], 1);
  assert.equal(gain.state.changes, 2);
});

test('at another rate than the windows, where no lattice shows, three windows change nothing', () => {
  const gain = tracker();
  for (const window of windowsOf(drive('SNOW', 86).map((v) => v * 1.5)).slice(0, 5))
    assert.equal(gain.correct(window, 50), window);
});

test('without a lattice the level moves by at most 2 % a window, stays within a factor of 2, and is forgotten on reset', () => {
  const gain = tracker({ surfaces: known });
  let before = 1;
  for (let i = 0; i < 30; i++) {
    const label = Object.keys(surfaces)[i % 3];
    for (const window of windowsOf(drive(label, 300 + i, { gain: 1.7, read: noisy(i + 1) }))) {
      gain.correct(window, 6.5);
      const now = gain.state.gain[0];
      assert.ok(Math.abs(Math.log(now / before)) < 0.0201 && now <= 2.0001);
      before = now;
    }
  }
  assert.ok(before > 1.3, `reached ${before}`);
  gain.reset();
  assert.deepEqual(gain.state.gain, [1]);
});
