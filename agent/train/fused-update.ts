import { withWorkspace } from './backend/matrix.ts';
import { hasWasm } from './kernel/choose.ts';
import { tf } from './tensorflow.ts';

/**
 * Updates of TensorFlow.js's optimisers, each in one loop over the arrays in place of ten operations that copy them. All
 * settings and state stay where the optimiser keeps them, and the results are its own to the last bit.
 */

type Slot = { variable: tf.Variable };
interface Iterating {
  learningRate: number;
  epsilon: number;
  incrementIterations(): void;
}
interface RmsProp extends Iterating {
  accumulatedMeanSquares: Slot[];
  accumulatedMoments: Slot[];
  centered: boolean;
  decay: number;
  momentum: number;
}
interface Adam extends Iterating {
  accumulatedFirstMoment: Slot[];
  accumulatedSecondMoment: Slot[];
  accBeta1: tf.Variable;
  accBeta2: tf.Variable;
  beta1: number;
  beta2: number;
}

/**
 * False where the optimiser has to do it itself: its first step, which makes the state, kinds not known here, and
 * where WebAssembly SIMD is missing.
 */
export function fusedUpdate(optimiser: tf.Optimizer, gradients: tf.NamedTensorMap): boolean {
  if (!hasWasm()) return false;
  // Not `instanceof`: TensorFlow.js has it say yes for every optimiser.
  const kind = optimiser.getClassName();
  if (kind === 'RMSProp') return rmsprop(optimiser as unknown as RmsProp, gradients);
  return kind === 'Adam' && adam(optimiser as unknown as Adam, gradients);
}

function rmsprop(o: RmsProp, gradients: tf.NamedTensorMap): boolean {
  if (o.centered) return false;
  const settings = [o.decay, 1 - o.decay, o.momentum, o.learningRate, o.epsilon];
  if (!update('rmsprop', gradients, o.accumulatedMeanSquares, o.accumulatedMoments, settings)) return false;
  o.incrementIterations();
  return true;
}

function adam(o: Adam, gradients: tf.NamedTensorMap): boolean {
  const corrections = [o.accBeta1, o.accBeta2].map((power) => 1 - power.dataSync()[0]);
  const settings = [o.beta1, 1 - o.beta1, o.beta2, 1 - o.beta2, ...corrections, -o.learningRate, o.epsilon];
  if (!update('adam', gradients, o.accumulatedFirstMoment, o.accumulatedSecondMoment, settings)) return false;
  tf.tidy(() => {
    o.accBeta1.assign(tf.mul(o.accBeta1, o.beta1));
    o.accBeta2.assign(tf.mul(o.accBeta2, o.beta2));
  });
  o.incrementIterations();
  return true;
}

/** Changes variables and state in place; false where the state, in the order of the gradients, is not there yet. */
function update(
  kind: 'rmsprop' | 'adam',
  gradients: tf.NamedTensorMap,
  first: readonly Slot[],
  second: readonly Slot[],
  settings: readonly number[],
): boolean {
  const names = Object.keys(gradients);
  if (first.length !== names.length || second.length !== names.length) return false;
  const registered = tf.engine().registeredVariables;
  names.forEach((name, i) => {
    const tensors = [registered[name], gradients[name], first[i].variable, second[i].variable];
    const arrays = tensors.map((t) => t.dataSync() as Float32Array);
    const count = arrays[0].length;
    withWorkspace((w) => {
      const pointers = arrays.map((a) => w.put(a));
      w.exports[kind](count, ...pointers, ...settings);
      for (const k of [0, 2, 3]) arrays[k].set(w.view(pointers[k], count));
    });
  });
  return true;
}
