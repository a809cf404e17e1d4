import * as tf from '@tensorflow/tfjs-core';
import type { Ops } from './ops.ts';

type T = tf.Tensor;

/** The operations in TensorFlow.js. */
export const tfOps: Ops<T> = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  abs: (a) => tf.abs(a),
  sqrt: (a) => tf.sqrt(a),
  log: (a) => tf.log(a),
  relu: (a) => tf.relu(a),
  clip: (a, low, high) => tf.clipByValue(a, low, high),
  below: (a, limit) => tf.cast(tf.less(a, limit), 'float32'),
  mean: (a) => tf.mean(a, 1, true),
  max: (a) => tf.max(a, 1, true),
  min: (a) => tf.min(a, 1, true),
  steps: (a, from, to) => {
    const [batch, steps, channels] = a.shape;
    const end = to === undefined ? steps : to < 0 ? steps + to : to;
    return tf.slice(a, [0, from, 0], [batch, end - from, channels]);
  },
  channel: (a, index) => tf.slice(a, [0, 0, index], [a.shape[0], a.shape[1] as number, 1]),
  joinSteps: (parts) => tf.concat([...parts], 1),
  join: (parts) => tf.concat([...parts], -1),
  meanOf: (a, size, hop) => flatPool(a, (x) => tf.avgPool(x, [size, 1], [hop, 1], 'valid')),
  maxOf: (a, size, hop) => flatPool(a, (x) => tf.maxPool(x, [size, 1], [hop, 1], 'valid')),
  share: (a, thresholds, width) => {
    const scaled = tf.add(tf.div(tf.sub(tf.expandDims(a, -1), tf.tensor1d([...thresholds])), width), 0.5);
    const shares = tf.mean(tf.clipByValue(scaled, 0, 1), 1);
    return tf.reshape(shares, [a.shape[0], -1]);
  },
  flat: (a) => tf.reshape(a, [a.shape[0], -1]),
};

function flatPool(a: T, pool: (x: tf.Tensor4D) => tf.Tensor4D): T {
  const [batch, steps, channels] = a.shape;
  const pooled = pool(tf.reshape(a, [batch, steps, 1, channels]) as tf.Tensor4D);
  return tf.reshape(pooled, [batch, pooled.shape[1], channels]);
}
