import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Movement } from '../../agent/drift/state.ts';
import { driftWords } from '../../agent/service/drift-words.ts';

const movement = (what: string, reference: number, current: number): Movement => ({
  what,
  kind: 'input',
  detector: 'cusum',
  statistic: 9,
  threshold: 5,
  reference,
  current,
});

test('what moved is said in words, the first three, then what to do', () => {
  const moved = [
    movement('curL.mean', 1.6851, 2.1402),
    movement('confidence', 0.931, 0.55),
    movement('curL-curR.asymmetry', 0, 0.2),
    movement('curR.std', 1, 2),
  ];
  assert.deepEqual(driftWords({ moved, action: 'recalibrate' }), [
    'mean current of curL is 2.14, usually 1.69',
    'confidence of the model is 0.55, usually 0.931',
    'difference of curL-curR is 0.2, usually 0',
    'What to do: calibrate the sensor anew',
  ]);
});

test('a name that has no words is said as it is, and without a movement there is nothing to do', () => {
  assert.deepEqual(driftWords({ moved: [movement('sample rate', 25, Number.NaN)], action: 'check wiring' }), [
    'sample rate is –, usually 25',
    'What to do: check the wiring',
  ]);
  assert.deepEqual(driftWords({ moved: [], action: 'retrain' }), []);
});
