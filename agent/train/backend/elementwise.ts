import { tf } from '../tensorflow.ts';
import { broadcastSteps, denseSteps, eachLine, merged } from './axes.ts';
import { float32, floatsOf, override, type Shortcut } from './override.ts';

/**
 * Sums, products and the like of float32 tensors in plain loops along the last axis, merged as far as broadcasting lets.
 * Optimisers, batch normalisation and activations consist of them; TensorFlow.js calls a function for every number.
 */

/** out[k..k+n) from a[i], a[i + da], .. and b[j], b[j + db], .. */
type Inner = (
  a: Float32Array,
  i: number,
  da: number,
  b: Float32Array,
  j: number,
  db: number,
  out: Float32Array,
  k: number,
  n: number,
) => void;

const inner: Record<string, Inner> = {
  Add: (a, i, da, b, j, db, out, k, n) => {
    for (const end = k + n; k < end; k++, i += da, j += db) out[k] = a[i] + b[j];
  },
  Sub: (a, i, da, b, j, db, out, k, n) => {
    for (const end = k + n; k < end; k++, i += da, j += db) out[k] = a[i] - b[j];
  },
  Multiply: (a, i, da, b, j, db, out, k, n) => {
    for (const end = k + n; k < end; k++, i += da, j += db) out[k] = a[i] * b[j];
  },
  RealDiv: (a, i, da, b, j, db, out, k, n) => {
    for (const end = k + n; k < end; k++, i += da, j += db) out[k] = a[i] / b[j];
  },
};

const unary: Record<string, (x: Float32Array, out: Float32Array) => void> = {
  Sqrt: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.sqrt(x[i]);
  },
  Square: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = x[i] * x[i];
  },
  Rsqrt: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = 1 / Math.sqrt(x[i]);
  },
  Neg: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = -x[i];
  },
  Abs: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.abs(x[i]);
  },
  Exp: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.exp(x[i]);
  },
  Log: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.log(x[i]);
  },
  Log1p: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.log1p(x[i]);
  },
  Tanh: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.tanh(x[i]);
  },
  Relu: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.max(x[i], 0);
  },
  Step: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = x[i] > 0 ? 1 : Number.isNaN(x[i]) ? Number.NaN : 0;
  },
};

override('ClipByValue', (call) => {
  const x = floatsOf(call, 'x');
  if (!x) return undefined;
  const { clipValueMin: low, clipValueMax: high } = call.attrs as Record<string, number>;
  const out = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = Math.max(low, Math.min(high, x[i]));
  return float32(call, call.inputs.x.shape, out);
});

for (const [name, loop] of Object.entries(inner)) override(name, binary(loop));
for (const [name, loop] of Object.entries(unary)) {
  override(name, (call) => {
    const x = floatsOf(call, 'x');
    // Step has a slope below 0 as an option.
    if (!x || call.attrs?.alpha) return undefined;
    const out = new Float32Array(x.length);
    loop(x, out);
    return float32(call, call.inputs.x.shape, out);
  });
}

/** The gradient of a maximum asks where the maximum is. */
override('Equal', (call) => {
  const equal = binary((a, i, da, b, j, db, out, k, n) => {
    for (const end = k + n; k < end; k++, i += da, j += db) out[k] = a[i] === b[j] ? 1 : 0;
  })(call) as tf.TensorInfo | undefined;
  if (!equal) return undefined;
  const values = Uint8Array.from(call.backend.data.get(equal.dataId).values as Float32Array);
  call.backend.disposeIntermediateTensorInfo(equal);
  return call.backend.makeTensorInfo(equal.shape, 'bool', values);
});

function binary(loop: Inner): Shortcut {
  return (call) => {
    const [a, b] = [floatsOf(call, 'a'), floatsOf(call, 'b')];
    if (!a || !b) return undefined;
    const [aShape, bShape] = [call.inputs.a.shape, call.inputs.b.shape];
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(aShape, bShape);
    const steps = [broadcastSteps(aShape, shape), broadcastSteps(bShape, shape), denseSteps(shape)];
    const walk = merged({ sizes: shape, steps });
    const out = new Float32Array(tf.util.sizeFromShape(shape));
    if (out.length === 0) return float32(call, shape, out);
    const length = walk.sizes[walk.sizes.length - 1];
    const [da, db] = walk.steps.map((own) => own[own.length - 1]);
    eachLine(walk, ([i, j, k]) => loop(a, i, da, b, j, db, out, k, length));
    return float32(call, shape, out);
  };
}
