import type { LSTMLayerArgs } from '@tensorflow/tfjs-layers';
import { lstmKernel } from './kernel/choose.ts';
import './backend/install.ts';
import '../model/layers/orthogonal.ts';
import { tf, tfl } from './tensorflow.ts';

/** What we need of TensorFlow.js's own LSTM, which it does not export by name. */
interface StockLstm extends tfl.RNN {
  readonly cell: tfl.RNN['cell'] & {
    kernel: tfl.LayerVariable;
    recurrentKernel: tfl.LayerVariable;
    bias: tfl.LayerVariable | null;
  };
  readonly goBackwards: boolean;
}
const Stock = tfl.layers.lstm({ units: 1 }).constructor as unknown as {
  new (args: LSTMLayerArgs): StockLstm;
  className: string;
};

/** Inputs that nobody wants the gradient of, such as the batch itself: the first layer skips it. */
export const constants = new WeakSet<tf.Tensor>();

/**
 * TensorFlow.js's LSTM with forward and backward replaced by one fused kernel. Registered under the same name with
 * the same configuration and weights: what it trains loads in plain TensorFlow.js and Keras, and models from there
 * load here. Whatever the kernel does not do (masks, states, inner dropout, other activations) is left to the
 * layer it extends.
 */
export class FusedLstm extends Stock {
  static override className = 'LSTM';
  /** Whether the kernel does all that the configuration asks for. */
  #plain: boolean | undefined;

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor | tf.Tensor[] {
    if (!this.#fits(kwargs)) return super.call(inputs, kwargs as never);
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor3D;
    const { kernel, recurrentKernel, bias } = this.cell;
    const units = recurrentKernel.shape[0] as number;
    return tf.tidy(() => {
      const b = bias ? bias.read() : tf.zeros([4 * units]);
      return fusedLstm(x, kernel.read(), recurrentKernel.read(), b, this.goBackwards, this.returnSequences);
    });
  }

  #fits(kwargs: Record<string, unknown> | null): boolean {
    this.#plain ??= isPlain(this.getConfig());
    return this.#plain && kwargs?.mask == null && kwargs?.initialState == null;
  }
}

function isPlain(c: tf.serialization.ConfigDict): boolean {
  const [gates, more] = [
    c.activation === 'tanh' && c.recurrentActivation === 'sigmoid',
    c.dropout || c.recurrentDropout,
  ];
  return gates && !more && !c.stateful && !c.returnState;
}

tf.serialization.registerClass(FusedLstm as never);

/** As `tf.layers.lstm`, but with sigmoid gates by default, as in Keras, PyTorch and ONNX. */
export function lstm(args: LSTMLayerArgs): tfl.layers.Layer {
  return new FusedLstm({ recurrentActivation: 'sigmoid', ...args });
}

/** The kernel as a differentiable operation: [batch, steps, inputs] to [batch, steps, units] or [batch, units]. */
export function fusedLstm(
  x: tf.Tensor3D,
  kernel: tf.Tensor,
  recurrent: tf.Tensor,
  bias: tf.Tensor,
  reverse: boolean,
  every: boolean,
): tf.Tensor {
  const [batch, steps, inputs] = x.shape;
  const units = recurrent.shape[0];
  const wantInput = !constants.has(x);
  const taped = tf.engine().isTapeOn();
  const operation = tf.customGrad((...args: unknown[]) => {
    const [x, kernel, recurrent, bias] = args as tf.Tensor[];
    const weights = { kernel: floats(kernel), recurrent: floats(recurrent), bias: floats(bias) };
    const run = lstmKernel().forward({ batch, steps, inputs, units, reverse, every }, floats(x), weights);
    if (!taped) run.release();
    return {
      value: tf.tensor(run.output, every ? [batch, steps, units] : [batch, units]),
      gradFunc: (dy: tf.Tensor) => {
        const d = run.backward(floats(dy), wantInput);
        return [
          d.input ? tf.tensor(d.input, x.shape) : tf.zeros(x.shape),
          tf.tensor(d.kernel, kernel.shape),
          tf.tensor(d.recurrent, recurrent.shape),
          tf.tensor(d.bias, bias.shape),
        ];
      },
    };
  });
  return operation(x, kernel, recurrent, bias);
}

const floats = (t: tf.Tensor): Float32Array => t.dataSync() as Float32Array;
