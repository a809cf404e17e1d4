import type { Random } from '../simulate/random.ts';
import { constants } from './lstm-layer.ts';
import type { Optimiser } from './optimiser.ts';
import { seeded } from './seeded.ts';
import { tf, type tfl } from './tensorflow.ts';

/** Keras' guard against log(0). */
const EPSILON = 1e-7;

export interface Batch {
  readonly count: number;
  /** [count, steps, channels] */
  readonly x: Float32Array;
  /** [count, labels], rows sum to 1 */
  readonly y: Float32Array;
  /** [count]; 1 where absent */
  readonly weights?: Float32Array;
}

export interface StepResult {
  /** Mean cross-entropy of the batch (weighted), without penalties. */
  readonly loss: number;
  /** How many of the batch had their most likely label right. */
  readonly correct: number;
  /** [count, labels] */
  readonly probabilities: Float32Array;
}

/** One step of training: forward, loss, backward, update. All randomness of the layers comes from `random`. */
export function trainStep(
  model: tfl.LayersModel,
  optimiser: Optimiser,
  batch: Batch,
  random: Random,
  rate: number,
): StepResult {
  const variables = model.trainableWeights.map((w) => (w as unknown as { val: tf.Variable }).val);
  const inner = model.inputs[0].shape.slice(1) as number[];
  let result: StepResult = { loss: Number.NaN, correct: 0, probabilities: new Float32Array(0) };
  tf.tidy(() => {
    const x = tf.tensor(batch.x, [batch.count, ...inner]);
    constants.add(x);
    const y = tf.tensor2d(batch.y, [batch.count, batch.y.length / batch.count]);
    const { value, grads } = tf.variableGrads(() => {
      const p = seeded(random, () => model.apply(x, { training: true }) as tf.Tensor2D);
      const own = tf.neg(tf.sum(tf.mul(y, tf.log(tf.add(p, EPSILON))), 1));
      const loss = tf.mean(batch.weights ? tf.mul(own, tf.tensor1d(batch.weights)) : own) as tf.Scalar;
      const probabilities = p.dataSync() as Float32Array;
      const correct = agreeing(probabilities, batch.y, batch.count);
      result = { loss: loss.dataSync()[0], correct, probabilities: probabilities.slice() };
      return penalties(model).reduce((sum, penalty) => tf.add(sum, penalty) as tf.Scalar, loss);
    }, variables);
    value.dispose();
    optimiser.apply(variables, grads, rate);
  });
  return result;
}

/** Probabilities of every window, [count, labels], in batches, as in use (no dropout). `x` is [count, steps, channels]. */
export function predict(model: tfl.LayersModel, x: Float32Array, batchSize = 256): Float32Array {
  return predictRaw(model, x, batchSize);
}

/** The output of any model with one input and one output, row-major. */
export function predictRaw(model: tfl.LayersModel, x: Float32Array, batchSize = 256): Float32Array {
  const inner = model.inputs[0].shape.slice(1) as number[];
  const size = product(inner);
  const width = product(model.outputs[0].shape.slice(1) as number[]);
  const count = x.length / size;
  const output = new Float32Array(count * width);
  for (let from = 0; from < count; from += batchSize) {
    const to = Math.min(from + batchSize, count);
    tf.tidy(() => {
      const part = tf.tensor(x.subarray(from * size, to * size), [to - from, ...inner]);
      output.set((model.apply(part, { training: false }) as tf.Tensor).dataSync(), from * width);
    });
  }
  return output;
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Cross-entropy of one row of probabilities and targets. */
export function crossEntropy(
  p: ArrayLike<number>,
  y: ArrayLike<number>,
  row: number,
  labels: number,
): number {
  let loss = 0;
  for (let k = row * labels; k < (row + 1) * labels; k++)
    if (y[k] > 0) loss -= y[k] * Math.log(p[k] + EPSILON);
  return loss;
}

/** Mean cross-entropy and share of right labels of predictions [count, labels]. */
export function scoreOf(p: Float32Array, y: Float32Array, count: number): { loss: number; accuracy: number } {
  let loss = 0;
  for (let i = 0; i < count; i++) loss += crossEntropy(p, y, i, y.length / count);
  return { loss: loss / count, accuracy: agreeing(p, y, count) / count };
}

function agreeing(p: ArrayLike<number>, y: ArrayLike<number>, count: number): number {
  const labels = y.length / count;
  let correct = 0;
  for (let b = 0; b < count; b++) {
    let [best, truth] = [0, 0];
    for (let k = 1; k < labels; k++) {
      if (p[b * labels + k] > p[b * labels + best]) best = k;
      if (y[b * labels + k] > y[b * labels + truth]) truth = k;
    }
    if (best === truth) correct++;
  }
  return correct;
}

function penalties(model: tfl.LayersModel): tf.Scalar[] {
  return (model as unknown as { calculateLosses(): tf.Scalar[] }).calculateLosses();
}
