import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

export interface ResetAfterGruConfig {
  readonly units: number;
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  readonly name?: string;
}

/**
 * The GRU of Keras 2 and 3 and of PyTorch: the reset gate acts after the recurrent product, and there are two biases.
 * TensorFlow.js has only the older kind. For use, not for training: it has no gradient.
 */
export class ResetAfterGru extends tfl.layers.Layer {
  static className = 'ResetAfterGRU';
  readonly #config: ResetAfterGruConfig;

  constructor(config: ResetAfterGruConfig) {
    super({ name: config.name });
    this.#config = config;
  }

  override build(shape: tfl.Shape | tfl.Shape[]): void {
    const { units } = this.#config;
    const inputs = (shape as number[])[2];
    const make = (name: string, size: number[]) =>
      this.addWeight(name, size, 'float32', tfl.initializers.zeros(), undefined, false);
    make('kernel', [inputs, 3 * units]);
    make('recurrent_kernel', [units, 3 * units]);
    make('bias', [2, 3 * units]);
    this.built = true;
  }

  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape {
    const [batch, steps] = shape as number[];
    const { units, returnSequences } = this.#config;
    return returnSequences ? [batch, steps, units] : [batch, units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const [batch, steps, width] = x.shape;
    const { units, returnSequences, goBackwards } = this.#config;
    const [kernel, recurrent, bias] = this.getWeights().map((w) => w.dataSync());
    const values = x.dataSync();
    const slots = returnSequences ? steps : 1;
    const out = new Float32Array(batch * slots * units);
    for (let b = 0; b < batch; b++) {
      let h = new Float64Array(units);
      for (let s = 0; s < steps; s++) {
        const t = goBackwards ? steps - 1 - s : s;
        h = step(
          values.subarray((b * steps + t) * width, (b * steps + t + 1) * width),
          h,
          kernel,
          recurrent,
          bias,
        );
        if (returnSequences || s === steps - 1) out.set(h, (b * slots + (returnSequences ? s : 0)) * units);
      }
    }
    return tf.tensor(out, returnSequences ? [batch, steps, units] : [batch, units]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const fixed = { activation: 'tanh', recurrentActivation: 'sigmoid', resetAfter: true };
    return { ...super.getConfig(), ...this.#config, ...fixed };
  }
}
tf.serialization.registerClass(ResetAfterGru as never);

type Numbers = ArrayLike<number>;
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** Gates in the order z, r, h. */
function step(
  x: Numbers,
  h: Float64Array,
  kernel: Numbers,
  recurrent: Numbers,
  bias: Numbers,
): Float64Array<ArrayBuffer> {
  const units = h.length;
  const across = 3 * units;
  const [fromInput, fromState] = [new Float64Array(across), new Float64Array(across)];
  for (let g = 0; g < across; g++) {
    let [a, b] = [bias[g], bias[across + g]];
    for (let i = 0; i < x.length; i++) a += x[i] * kernel[i * across + g];
    for (let i = 0; i < units; i++) b += h[i] * recurrent[i * across + g];
    fromInput[g] = a;
    fromState[g] = b;
  }
  return h.map((old, n) => {
    const z = sigmoid(fromInput[n] + fromState[n]);
    const r = sigmoid(fromInput[units + n] + fromState[units + n]);
    const candidate = Math.tanh(fromInput[2 * units + n] + r * fromState[2 * units + n]);
    return z * old + (1 - z) * candidate;
  }) as Float64Array<ArrayBuffer>;
}
