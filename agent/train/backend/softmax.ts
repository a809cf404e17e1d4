import { float32, floatsOf, override } from './override.ts';

/** Softmax along the last axis in one loop; TensorFlow.js makes it of a maximum, a difference, powers, a sum and a quotient. */
override('Softmax', (call) => {
  const logits = floatsOf(call, 'logits');
  const { shape } = call.inputs.logits;
  const axis = call.attrs.dim as number;
  if (!logits || (axis !== -1 && axis !== shape.length - 1)) return undefined;
  const width = shape.at(-1) as number;
  const out = new Float32Array(logits.length);
  for (let from = 0; from < out.length; from += width) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = from; k < from + width; k++) if (logits[k] > most) most = logits[k];
    let sum = 0;
    for (let k = from; k < from + width; k++) {
      out[k] = Math.exp(logits[k] - most);
      sum += out[k];
    }
    for (let k = from; k < from + width; k++) out[k] /= sum;
  }
  return float32(call, shape, out);
});
