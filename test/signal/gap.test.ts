import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GapDetector } from '../../agent/signal/gap.ts';

const none = Number.NaN;

test('an interval above five nominal periods is a gap', () => {
  const detector = new GapDetector({ nominalRateHz: 100 });
  assert.equal(detector.push({ timeUs: 0, sequence: none }), false);
  assert.equal(detector.push({ timeUs: 50_000, sequence: none }), false);
  assert.equal(detector.push({ timeUs: 100_001, sequence: none }), true);
  assert.equal(detector.push({ timeUs: 110_001, sequence: none }), false);
  assert.equal(detector.gaps, 1);
  assert.equal(detector.lostSamples, 0);
});

test('a jump of the sequence number is a gap, its wrap is none, and lost samples are counted', () => {
  const detector = new GapDetector({ nominalRateHz: 100 });
  assert.equal(detector.push({ timeUs: 0, sequence: 65_534 }), false);
  assert.equal(detector.push({ timeUs: 10_000, sequence: 65_535 }), false);
  assert.equal(detector.push({ timeUs: 20_000, sequence: 0 }), false);
  assert.equal(detector.push({ timeUs: 60_000, sequence: 4 }), true);
  assert.equal(detector.lostSamples, 3);
  assert.equal(detector.gaps, 1);
});

test('a tolerated loss is counted but no gap', () => {
  const detector = new GapDetector({ nominalRateHz: 100, toleratedLoss: 2 });
  detector.push({ timeUs: 0, sequence: 1 });
  assert.equal(detector.push({ timeUs: 30_000, sequence: 4 }), false);
  assert.equal(detector.push({ timeUs: 70_000, sequence: 8 }), true);
  assert.equal(detector.lostSamples, 5);
});

test('a time that goes back is a gap', () => {
  const detector = new GapDetector({ nominalRateHz: 100 });
  detector.push({ timeUs: 20_000, sequence: none });
  assert.equal(detector.push({ timeUs: 10_000, sequence: none }), true);
});

test('without a nominal rate the period is learnt, and learnt anew when the device slows down', () => {
  const detector = new GapDetector({});
  let timeUs = 0;
  const push = (intervalUs: number) => {
    timeUs += intervalUs;
    return detector.push({ timeUs: timeUs, sequence: none });
  };
  for (let i = 0; i < 20; i += 1) assert.equal(push(10_000), false);
  assert.equal(push(51_000), true);
  assert.equal(push(10_000), false);
  const slow = Array.from({ length: 30 }, () => push(100_000));
  assert.deepEqual(slow.slice(0, 8), new Array(8).fill(true));
  assert.deepEqual(slow.slice(8), new Array(22).fill(false));
  assert.equal(push(600_000), true);
});

test('a set maxGapUs wins over the rate, and after a reset the next sample has no gap before it', () => {
  const detector = new GapDetector({ nominalRateHz: 100, maxGapUs: 1e6 });
  detector.push({ timeUs: 0, sequence: 1 });
  assert.equal(detector.push({ timeUs: 900_000, sequence: 2 }), false);
  detector.reset();
  assert.equal(detector.push({ timeUs: 900e6, sequence: 17 }), false);
  assert.equal(detector.lostSamples, 0);
});
