import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Optimiser, type OptimiserSpec } from '../../agent/train/optimiser.ts';
import { tf } from '../../agent/train/tensorflow.ts';
import { noise } from './networks.ts';

const SHAPES = [[7, 12], [12], [3, 5]];

/** Ten steps on noise with TensorFlow.js's optimiser, alone or behind `Optimiser`. */
function weightsAfter(
  apply: (gradients: tf.NamedTensorMap) => void,
  variables: tf.Variable[],
): Float32Array[] {
  for (let step = 0; step < 10; step++) {
    tf.tidy(() => {
      const gradients = variables.map((v, i) => [v.name, tf.tensor(noise(v.size, 100 * step + i), v.shape)]);
      apply(Object.fromEntries(gradients) as tf.NamedTensorMap);
    });
  }
  return variables.map((v) => (v.dataSync() as Float32Array).slice());
}

const variables = (): tf.Variable[] =>
  SHAPES.map((shape, i) => tf.variable(tf.tensor(noise(tf.util.sizeFromShape(shape), 50 + i), shape)));

describe('the fused update', () => {
  const cases: [OptimiserSpec, () => tf.Optimizer][] = [
    [{ kind: 'rmsprop', learningRate: 0.003, rho: 0.9 }, () => tf.train.rmsprop(0.003, 0.9, 0, 1e-7)],
    [
      { kind: 'rmsprop', learningRate: 0.01, rho: 0.8, momentum: 0.7 },
      () => tf.train.rmsprop(0.01, 0.8, 0.7, 1e-7),
    ],
    [{ kind: 'adam', learningRate: 0.002, beta2: 0.99 }, () => tf.train.adam(0.002, 0.9, 0.99, 1e-7)],
  ];
  for (const [spec, stock] of cases) {
    it(`gives the bits of TensorFlow.js's own optimiser: ${JSON.stringify(spec)}`, async () => {
      const [theirs, ours] = [stock(), new Optimiser(spec)];
      const own = variables();
      const expected = weightsAfter((g) => theirs.applyGradients(g), variables());
      assert.deepEqual(
        weightsAfter((g) => ours.apply(own, g, 1), own),
        expected,
      );
      const state = await ours.state();
      const wanted = await theirs.getWeights();
      wanted.forEach(({ tensor }, i) => {
        assert.deepEqual(state[i].tensor.dataSync(), tensor.dataSync());
      });
    });
  }
});
