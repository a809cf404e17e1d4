import { randomAt } from '../seeded.ts';
import { tf, type tfl } from '../tensorflow.ts';

const SMALL = 4;
const LARGE = 64;
const DRAWS = 12;

/**
 * The batch size at which the noise of the gradient is as large as the gradient itself (McCandlish et al. 2018, appendix
 * A.1), for these weights: steps with much smaller batches go mostly at random, much larger ones waste work. Undefined
 * where the gradient is lost in the noise altogether, as near a minimum.
 */
export function gradientNoise(
  model: tfl.LayersModel,
  x: Float32Array,
  y: Float32Array,
  seed: number,
): number | undefined {
  const inner = model.inputs[0].shape.slice(1) as number[];
  const size = inner.reduce((a, b) => a * b, 1);
  const count = x.length / size;
  const labels = y.length / count;
  const large = Math.min(LARGE, count);
  const variables = model.trainableWeights.map((w) => (w as unknown as { val: tf.Variable }).val);
  const norm = (batch: number, draw: number): number =>
    tf.tidy(() => {
      const random = randomAt(seed, batch, draw);
      const indices = Array.from({ length: batch }, () => random.integer(count));
      const bx = tf.tensor(
        Float32Array.from(indices.flatMap((i) => [...x.subarray(i * size, (i + 1) * size)])),
        [batch, ...inner],
      );
      const by = tf.tensor2d(
        indices.flatMap((i) => [...y.subarray(i * labels, (i + 1) * labels)]),
        [batch, labels],
      );
      const { grads } = tf.variableGrads(() => {
        const p = model.apply(bx, { training: false }) as tf.Tensor;
        return tf.neg(tf.mean(tf.sum(tf.mul(by, tf.log(tf.add(p, 1e-7))), 1))) as tf.Scalar;
      }, variables);
      return Object.values(grads).reduce((sum, g) => sum + (tf.sum(tf.square(g)).dataSync()[0] as number), 0);
    });
  const mean = (batch: number): number =>
    Array.from({ length: DRAWS }, (_, i) => norm(batch, i)).reduce((a, b) => a + b, 0) / DRAWS;
  const [few, many] = [mean(SMALL), mean(large)];
  const square = (large * many - SMALL * few) / (large - SMALL);
  const noise = (few - many) / (1 / SMALL - 1 / large);
  return square > 0 && noise > 0 ? noise / square : undefined;
}
