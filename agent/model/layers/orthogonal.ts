import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { Random } from '../../simulate/random.ts';

const Stock = tfl.initializers.orthogonal({ gain: 1 }).constructor as unknown as {
  new (args: object): { getConfig(): { gain: number; seed: number | null } };
  className: string;
};

/**
 * TensorFlow.js's orthogonal initialiser (the start of every LSTM's recurrent weights), which takes seconds where this
 * takes milliseconds and warns about it. Rows, or columns where there are fewer of them, are drawn from a normal
 * distribution and made orthonormal one after the other (Gram and Schmidt, twice for accuracy).
 */
export class FastOrthogonal extends Stock {
  static override className = 'Orthogonal';

  apply(shape: number[]): tf.Tensor {
    const { gain, seed } = this.getConfig();
    const across = shape.at(-1) as number;
    const down = tf.util.sizeFromShape(shape) / across;
    const [count, length] = down < across ? [down, across] : [across, down];
    const rows = orthonormal(count, length, seed ?? Math.floor(Math.random() * 2 ** 32));
    const values = new Float32Array(count * length);
    for (let i = 0; i < count; i++)
      for (let k = 0; k < length; k++)
        values[down < across ? i * length + k : k * count + i] = gain * rows[i][k];
    return tf.tensor(values, shape);
  }
}
tf.serialization.registerClass(FastOrthogonal as never);

function orthonormal(count: number, length: number, seed: number): Float64Array[] {
  const random = new Random(seed);
  const rows: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const row = Float64Array.from({ length }, () => random.normal());
    for (const other of [...rows, ...rows]) subtract(row, other, dot(row, other));
    const size = Math.sqrt(dot(row, row));
    rows.push(row.map((v) => v / size));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function subtract(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] -= factor * b[i];
}
