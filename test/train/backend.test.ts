import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tf } from '../../agent/train/tensorflow.ts';
import { noise } from './networks.ts';

const random = (...shape: number[]): tf.Tensor =>
  tf.tensor(noise(tf.util.sizeFromShape(shape), shape.length), shape);
type Work = () => tf.Tensor[];

/** Value and gradients of sum(f(inputs)^2). */
function withGradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, ...inputs: tf.Tensor[]): Work {
  return () => {
    const gradients = tf.grads((...args) => tf.sum(tf.square(f(...args))) as tf.Scalar)(inputs);
    return [f(...inputs), ...gradients];
  };
}

const work: Record<string, Work> = {};
for (const padding of ['same', 'valid'] as const) {
  for (const stride of [1, 2, 3]) {
    for (const [steps, channels, filters, size] of [
      [20, 1, 16, 5],
      [17, 9, 3, 4],
      [8, 8, 8, 1],
    ]) {
      work[`a convolution of ${size}, ${padding}, stride ${stride}, ${channels} to ${filters} channels`] =
        withGradients(
          (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, stride, padding),
          random(5, steps, channels),
          random(size, channels, filters),
        );
    }
  }
}
for (const [ta, tb] of [
  [false, false],
  [true, false],
  [false, true],
]) {
  work[`a product of 30 x 17 and 17 x 21, transposed ${ta} ${tb}`] = withGradients(
    (a, b) => tf.matMul(a, b, ta, tb),
    ta ? random(17, 30) : random(30, 17),
    tb ? random(21, 17) : random(17, 21),
  );
}
work['a product of a batch of matrices with one'] = () => [tf.matMul(random(4, 10, 16), random(16, 12))];
work['a dense layer with bias and relu'] = () => [
  tf.fused.matMul({ a: random(40, 30), b: random(30, 20), bias: random(20), activation: 'relu' }),
];
work['a softmax'] = withGradients((x) => tf.softmax(tf.mul(x, 40)), random(9, 7));
work['a softmax of four dimensions'] = withGradients((x) => tf.softmax(x), random(2, 3, 4, 5));
const shapes = [
  [
    [4, 5, 6],
    [4, 5, 6],
  ],
  [[4, 5, 6], [6]],
  [[6], [4, 5, 6]],
  [
    [4, 5, 6],
    [1, 5, 6],
  ],
  [[4, 5, 6], []],
  [[1], [4, 5, 6]],
  [
    [4, 5, 1],
    [4, 5, 6],
  ],
  [
    [5, 1],
    [1, 6],
  ],
  [
    [4, 1, 6],
    [5, 6],
  ],
];
for (const [a, b] of shapes) {
  for (const op of [tf.add, tf.sub, tf.mul, tf.div]) {
    work[`${op.name} of [${a}] and [${b}]`] = () => [op(random(...a), tf.add(tf.abs(random(...b)), 1))];
  }
}
for (const op of [
  tf.sqrt,
  tf.square,
  tf.rsqrt,
  tf.neg,
  tf.abs,
  tf.exp,
  tf.log,
  tf.log1p,
  tf.tanh,
  tf.relu,
  tf.step,
]) {
  work[`${op.name} of positive numbers`] = () => [op(tf.add(tf.abs(random(3, 7)), 0.1))];
}
for (const op of [tf.neg, tf.abs, tf.tanh, tf.relu, tf.step]) {
  work[`${op.name} of negative numbers`] = () => [op(tf.neg(tf.abs(random(3, 7))))];
}

for (const shape of [[4, 5, 6], [7], [3, 1, 4], [2, 3, 4, 5]]) {
  for (const axes of [
    undefined,
    [0],
    [shape.length - 1],
    [...new Set([0, shape.length - 1])],
    [Math.min(1, shape.length - 1)],
  ]) {
    for (const keep of [true, false]) {
      for (const op of [tf.sum, tf.mean, tf.max, tf.min])
        work[`${op.name} of [${shape}] over ${axes}, ${keep}`] = () => [op(random(...shape), axes, keep)];
    }
  }
}
work.splits = () => [
  ...tf.split(random(4, 5, 6), [2, 3], 1),
  ...tf.split(random(4, 6), 3, -1),
  ...tf.split(random(4, 6), [1, -1], 0),
];
work['the place of a maximum'] = withGradients((x) => tf.max(x, 1), random(4, 5, 6));
work.equality = () => [tf.equal(random(4, 5), tf.relu(random(4, 5))), tf.equal(tf.relu(random(4, 5)), 0)];
work.slices = () => [
  tf.slice(random(4, 5, 6), [1, 0, 2], [2, 5, 3]),
  tf.slice(random(4, 5, 6), [1], [-1]),
  tf.slice(random(4, 5), [0, 4], [4, 1]),
  tf.slice(random(4, 5), [0, 1], [-1, -1]),
];
work.transposes = () => [
  tf.transpose(random(4, 5, 6)),
  tf.transpose(random(4, 5, 6), [1, 0, 2]),
  tf.transpose(random(4, 5, 6), [0, 2, 1]),
  tf.transpose(random(4, 1, 6, 2), [3, 0, 2, 1]),
];
work.reversals = () => [
  tf.reverse(random(4, 5, 6), 1),
  tf.reverse(random(4, 5, 6), [0, 2]),
  tf.reverse(random(7), 0),
];
work.repetitions = () => [tf.tile(random(4, 1, 3), [1, 6, 2]), tf.tile(random(3), [2])];
work.joins = () => [
  tf.concat([random(4, 2, 3), random(4, 5, 3)], 1),
  tf.concat([random(4, 2), random(4, 5)], -1),
  tf.concat([random(1, 2), random(4, 2)], 0),
];
work['a clip'] = () => [tf.clipByValue(random(5, 6), -0.5, 0.7)];
for (const padding of ['same', 'valid'] as const) {
  for (const [size, stride] of [
    [4, 4],
    [3, 2],
    [2, 3],
  ]) {
    for (const layout of ['tall', 'wide'] as const) {
      const at = (n: number): [number, number] => (layout === 'tall' ? [n, 1] : [1, n]);
      const x = layout === 'tall' ? random(3, 19, 1, 4) : random(3, 1, 19, 4);
      const name = `${layout} pooling of ${size} every ${stride}, ${padding}`;
      work[`largest, ${name}`] = withGradients(
        (x) => tf.maxPool(x as tf.Tensor4D, at(size), at(stride), padding),
        x,
      );
      work[`mean, ${name}`] = withGradients(
        (x) => tf.avgPool(x as tf.Tensor4D, at(size), at(stride), padding),
        x,
      );
    }
  }
}

// First all with TensorFlow.js's own kernels, then ours are put in front.
const expected = Object.fromEntries(
  Object.entries(work).map(([name, run]) => [
    name,
    run().map((t) => ({ shape: t.shape, values: t.dataSync() })),
  ]),
);
await import('../../agent/train/backend/install.ts');

describe('the faster kernels give what those of TensorFlow.js give', () => {
  for (const [name, run] of Object.entries(work)) {
    it(name, () => {
      run().forEach((tensor, i) => {
        const { shape, values } = expected[name][i];
        assert.deepEqual(tensor.shape, shape);
        const scale = Math.max(1, ...Array.from(values, Math.abs));
        tensor.dataSync().forEach((v, k) => {
          assert.ok(
            Math.abs(v - values[k]) <= 1e-5 * scale,
            `result ${i}[${k}]: ${v}, expected ${values[k]}`,
          );
        });
      });
    });
  }

  it('whole numbers are left to TensorFlow.js', () => {
    const sum = tf.add(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32'));
    assert.equal(sum.dtype, 'int32');
    assert.deepEqual([...sum.dataSync()], [4, 6]);
  });
});
