import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReference } from '../../agent/drift/build-reference.ts';
import { DriftMonitor } from '../../agent/drift/monitor.ts';
import { Random } from '../../agent/simulate/random.ts';

const names = ['curL.mean', 'curL.stuck'];
/** Two surfaces with their own level; seeded, so the test is the same every time. */
const noise = (seed: number) => {
  const random = new Random(seed);
  return () => 2 * random.uniform() - 1;
};
const level: Record<string, number> = { ICE: 2, SNOW: 8 };
const draw = (random: () => number, label: string, gain = 1) => ({
  features: [gain * (level[label] + random()), 0.05 + 0.02 * random()],
  confidence: 0.9 + 0.05 * random(),
});
const random = noise(1);
const reference = buildReference(
  names,
  Array.from({ length: 400 }, (_, i) => {
    const predicted = i % 2 === 0 ? 'ICE' : 'SNOW';
    return { ...draw(random, predicted), predicted };
  }),
);
const push = (
  monitor: DriftMonitor,
  i: number,
  label: string,
  window: { features: number[]; confidence: number },
  rateHz = 6.5,
  surfaceChanged = false,
) =>
  monitor.push({
    timeUs: i * 1e6,
    features: window.features,
    verdict: {
      label,
      smoothedLabel: label,
      confidence: window.confidence,
      unknown: false,
      surfaceChanged,
    },
    rateHz,
  });

test('it warms up, then stays stable over changes of surface, but for a warning in a hundred windows', () => {
  const monitor = new DriftMonitor(reference, { featureNames: names });
  const r = noise(2);
  const states = Array.from({ length: 2000 }, (_, i) => {
    const label = Math.floor(i / 40) % 2 === 0 ? 'ICE' : 'SNOW';
    return push(monitor, i, label, draw(r, label), 6.5, i % 40 === 0).state;
  });
  assert.ok(states.slice(0, 9).every((s) => s === 'warming'));
  assert.ok(!states.includes('drift'));
  const stable = states.slice(9).filter((s) => s === 'stable').length;
  assert.ok(stable >= 0.99 * states.length - 9, `${stable} of ${states.length}`);
});

test('a gain of 1.5 is found, with what moved, by how much, since when and what to do', () => {
  const monitor = new DriftMonitor(reference, { featureNames: names });
  const r = noise(3);
  for (let i = 0; i < 50; i++) push(monitor, i, 'SNOW', draw(r, 'SNOW'));
  let state = push(monitor, 50, 'SNOW', draw(r, 'SNOW', 1.5));
  for (let i = 51; i < 80; i++) state = push(monitor, i, 'SNOW', draw(r, 'SNOW', 1.5));
  assert.equal(state.state, 'drift');
  const level = state.moved.find((m) => m.what === 'curL.mean')!;
  assert.ok(Math.abs(level.reference - 8) < 0.3 && level.current > 11);
  assert.ok(level.statistic > level.threshold);
  assert.ok(state.sinceUs > 50e6 && state.sinceUs < 70e6);
  assert.equal(state.action, 'recalibrate');
});

test('a rate that is wrong by 2 is found in three windows', () => {
  const monitor = new DriftMonitor(reference, { featureNames: names, rateHz: 6.5 });
  const r = noise(4);
  for (let i = 0; i < 20; i++) push(monitor, i, 'ICE', draw(r, 'ICE'));
  const states = [20, 21, 22].map((i) => push(monitor, i, 'ICE', draw(r, 'ICE'), 13));
  assert.equal(states[0].state, 'stable');
  assert.equal(states[2].state, 'drift');
  assert.equal(states[2].moved[0].what, 'rate');
  assert.deepEqual([states[2].moved[0].reference, states[2].moved[0].current], [6.5, 13]);
  assert.equal(states[2].action, 'check wiring');
});

test('after a reset it warms up again and remembers why', () => {
  const monitor = new DriftMonitor(reference, { featureNames: names });
  const r = noise(5);
  for (let i = 0; i < 40; i++) push(monitor, i, 'SNOW', draw(r, 'SNOW', 2));
  monitor.reset('wheels changed');
  assert.equal(monitor.resetReason, 'wheels changed');
  assert.equal(push(monitor, 40, 'SNOW', draw(r, 'SNOW')).state, 'warming');
});
