import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { tensorflow } from '../../agent/model/tensorflow.ts';
import { type FitOptions, fit } from '../../agent/train/fit.ts';
import { weightsOf } from '../../agent/train/model-weights.ts';
import { randomAt } from '../../agent/train/seeded.ts';
import { CHANNELS, LABELS, network, STEPS } from './networks.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-fit-'));
after(() => rmSync(folder, { recursive: true }));
before(async () => void (await tensorflow()));

const COUNT = 24;
const random = randomAt(3);
const x = Float32Array.from({ length: COUNT * STEPS * CHANNELS }, () => random.normal());
const y = new Float32Array(COUNT * LABELS);
for (let i = 0; i < COUNT; i++) y[i * LABELS + (i % LABELS)] = 1;

/** All that has a state of its own: draws, augmentation, an average of the weights. */
const options = (epochs: number): FitOptions => ({
  model: network('one LSTM'),
  x,
  y,
  validation: { x, y },
  epochs,
  batchSize: 10,
  optimiser: { kind: 'adam', learningRate: 0.01 },
  seed: 4,
  chances: Float32Array.from({ length: COUNT }, (_, i) => 1 + (i % 3)),
  averageDecay: 0.9,
  augment: (batch, own) => {
    for (let i = 0; i < batch.x.length; i++) batch.x[i] += 0.1 * own.normal();
  },
});

describe('fitting', () => {
  it('goes on from a checkpoint to the weights of a run that was not interrupted, to the last bit', async () => {
    const whole = options(4);
    const { history } = await fit(whole);
    const file = join(folder, 'checkpoint.bin');
    const first = options(2);
    await fit({ ...first, checkpoint: { file, every: 1 } });
    const second = options(4);
    const gone = await fit({ ...second, checkpoint: { file, every: 1 } });
    assert.deepEqual(gone.history, history);
    assert.deepEqual(weightsOf(second.model), weightsOf(whole.model));
    assert.notDeepEqual(weightsOf(first.model), weightsOf(whole.model));
  });

  it('refuses windows or targets that do not fit the model', async () => {
    await assert.rejects(fit({ ...options(1), y: y.subarray(1) }), /y 119; the model takes 40 and gives 5/);
    await assert.rejects(fit({ ...options(1), x: x.subarray(1) }), /x has 959 numbers/);
  });
});
