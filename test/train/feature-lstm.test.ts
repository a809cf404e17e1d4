import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { featureLstm, featureLstmDefaults, fitScales } from '../../agent/train/architectures/feature-lstm.ts';
import { featureRecipe, trainFeatureLstm } from '../../agent/train/feature-recipe.ts';
import { predict, predictRaw } from '../../agent/train/step.ts';
import { tf, type tfl } from '../../agent/train/tensorflow.ts';
import { LABELS, noise } from './networks.ts';

describe('the additive part beside feature LSTMs', () => {
  const [steps, channels, bins] = [20, 1, 4];
  const x = noise(300 * steps, 11).map(Math.abs);
  const sizes = { steps, channels, labels: LABELS, seed: 4, members: ['chunk', 'chunk'] as const };
  const made = () => {
    const model = featureLstm({ ...featureLstmDefaults, ...sizes, additive: { bins, l2: 0 } });
    fitScales(model, x);
    return model;
  };

  it('has ranges that hold equally many of the training windows', () => {
    const [{ layer, before }] = made().ranges;
    const features = predictRaw(before, x);
    const size = features.length / 300;
    const [low, width] = [layer.low, layer.width].map((w) => w.read().dataSync());
    // The level, which is spread smoothly; other statistics may be the same number in most windows.
    const level = Array.from({ length: 300 }, (_, i) => features[i * size]);
    for (let b = 0; b < bins; b++) {
      const inside = level.filter((v) => v >= low[b] && v < low[b] + width[b]).length;
      assert.ok(Math.abs(inside - (300 * 0.98) / bins) <= 2, `range ${b} holds ${inside}`);
    }
    assert.ok(width.every((w) => w > 0));
  });

  it('is trained with the members: alone it tells windows apart by their level', async () => {
    const y = Array.from({ length: 300 }, (_, i) => i % 2);
    const levelled = x.map((v, i) => v + 2 * y[Math.floor(i / steps)]);
    const recordings = y.map((label, i) => `${label}/${i % 6}`);
    const recipe = {
      ...featureRecipe,
      members: ['chunk'] as const,
      trainingSteps: 1,
      additive: { ...featureRecipe.additive, trainingSteps: 50, batchSize: 32 },
    };
    const data = { x: levelled, y, recordings, steps, channels, labels: 2 };
    const p = predict((await trainFeatureLstm(data, recipe, 3)).additive as tfl.LayersModel, levelled);
    const right = y.filter((label, i) => p[2 * i + label] > 0.5).length;
    assert.ok(right >= 290, `${right} of 300`);
  });

  it('has half the say: the logits of the whole are the mean of its own and the mean of the members', () => {
    const model = made();
    const additive = model.additive as tfl.LayersModel;
    const curves = additive.layers[additive.layers.length - 2];
    const [kernel, bias] = curves.getWeights();
    curves.setWeights([tf.tensor(noise(kernel.size, 6), kernel.shape), bias]);
    const logits = (of: tfl.LayersModel) => centred(predict(of, x).map(Math.log));
    const [first, second] = model.members.map(logits);
    const own = logits(additive);
    logits(model.whole).forEach((v, i) => {
      const expected = (own[i] + (first[i] + second[i]) / 2) / 2;
      assert.ok(Math.abs(v - expected) < 1e-4, `${v}, not ${expected}`);
    });
    assert.ok(own.some((v) => Math.abs(v) > 0.1));
  });
});

/** Each row's logarithms without their mean: what is left of logits after a softmax. */
function centred(logarithms: Float32Array): Float32Array {
  return logarithms.map((v, i) => {
    const from = i - (i % LABELS);
    return v - logarithms.subarray(from, from + LABELS).reduce((a, b) => a + b, 0) / LABELS;
  });
}
