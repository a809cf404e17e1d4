import { tf } from './tensorflow.ts';

/**
 * Updates of TensorFlow.js's optimisers, each in one loop over the arrays in place of ten operations that copy them. All
 * settings and state stay where the optimiser keeps them, and the results are its own to the last bit: single precision is
 * rounded after every operation, in its order.
 */

const f = Math.fround;
type Slot = { variable: tf.Variable };
interface Update {
  readonly value: Float32Array;
  readonly gradient: Float32Array;
  /** The two arrays of state. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** False where the optimiser has to do it itself: its first step, which makes the state, and kinds not known here. */
export function fusedUpdate(optimiser: tf.Optimizer, gradients: tf.NamedTensorMap): boolean {
  // Not `instanceof`: TensorFlow.js has it say yes for every optimiser.
  const kind = optimiser.getClassName();
  if (kind === 'RMSProp') return rmsprop(optimiser, gradients);
  return kind === 'Adam' && adam(optimiser, gradients);
}

function rmsprop(optimiser: tf.Optimizer, gradients: tf.NamedTensorMap): boolean {
  const o = optimiser as unknown as {
    accumulatedMeanSquares: Slot[];
    accumulatedMoments: Slot[];
    centered: boolean;
    decay: number;
    momentum: number;
    epsilon: number;
    learningRate: number;
    incrementIterations(): void;
  };
  const updates = !o.centered && updatesOf(gradients, o.accumulatedMeanSquares, o.accumulatedMoments);
  if (!updates) return false;
  const [decay, rest, momentum] = [f(o.decay), f(1 - o.decay), f(o.momentum)];
  const [rate, epsilon] = [f(o.learningRate), f(o.epsilon)];
  for (const { value, gradient, first, second } of updates) {
    for (let i = 0; i < value.length; i++) {
      const g = gradient[i];
      const square = f(f(first[i] * decay) + f(f(g * g) * rest));
      const move = f(f(second[i] * momentum) + f(f(g * rate) / f(Math.sqrt(f(square + epsilon)))));
      first[i] = square;
      second[i] = move;
      value[i] = f(value[i] - move);
    }
  }
  o.incrementIterations();
  return true;
}

function adam(optimiser: tf.Optimizer, gradients: tf.NamedTensorMap): boolean {
  const o = optimiser as unknown as {
    accumulatedFirstMoment: Slot[];
    accumulatedSecondMoment: Slot[];
    accBeta1: tf.Variable;
    accBeta2: tf.Variable;
    beta1: number;
    beta2: number;
    epsilon: number;
    learningRate: number;
    incrementIterations(): void;
  };
  const updates = updatesOf(gradients, o.accumulatedFirstMoment, o.accumulatedSecondMoment);
  if (!updates) return false;
  const powers = [o.accBeta1, o.accBeta2].map((power) => power.dataSync() as Float32Array);
  const [correct1, correct2] = powers.map(([power]) => f(1 - power));
  const [beta1, rest1, beta2, rest2] = [f(o.beta1), f(1 - o.beta1), f(o.beta2), f(1 - o.beta2)];
  const [rate, epsilon] = [f(-o.learningRate), f(o.epsilon)];
  for (const { value, gradient, first, second } of updates) {
    for (let i = 0; i < value.length; i++) {
      const g = gradient[i];
      const mean = f(f(first[i] * beta1) + f(g * rest1));
      const square = f(f(second[i] * beta2) + f(f(g * g) * rest2));
      const step = f(f(mean / correct1) / f(f(Math.sqrt(f(square / correct2))) + epsilon));
      first[i] = mean;
      second[i] = square;
      value[i] = f(f(step * rate) + value[i]);
    }
  }
  tf.tidy(() => {
    o.accBeta1.assign(tf.mul(o.accBeta1, o.beta1));
    o.accBeta2.assign(tf.mul(o.accBeta2, o.beta2));
  });
  o.incrementIterations();
  return true;
}

/** The arrays of every variable, in the order in which the optimiser counts them; undefined where one is missing. */
function updatesOf(
  gradients: tf.NamedTensorMap,
  first: readonly Slot[],
  second: readonly Slot[],
): Update[] | undefined {
  const names = Object.keys(gradients);
  if (first.length !== names.length || second.length !== names.length) return undefined;
  const registered = tf.engine().registeredVariables;
  const floats = (t: tf.Tensor): Float32Array => t.dataSync() as Float32Array;
  return names.map((name, i) => ({
    value: floats(registered[name]),
    gradient: floats(gradients[name]),
    first: floats(first[i].variable),
    second: floats(second[i].variable),
  }));
}
