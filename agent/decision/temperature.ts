/**
 * Turns scores into probabilities. Temperature scaling (Guo et al. 2017) divides the logits by one number; vector
 * scaling gives every class its own factor and bias. Neither allocates: `out` may be the input.
 */

/** Smallest probability that is taken for real: keeps logarithms finite. */
const floor = 1e-12;

/** Softmax of `logits / temperature`, without overflow. Temperature above 1 makes it less sure. */
export function softmax<Out extends Float32Array | Float64Array>(
  logits: ArrayLike<number>,
  temperature: number,
  out: Out,
): Out {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < out.length; k++) if (logits[k] > top) top = logits[k];
  let sum = 0;
  for (let k = 0; k < out.length; k++) {
    const e = Math.exp((logits[k] - top) / temperature);
    out[k] = e;
    sum += e;
  }
  for (let k = 0; k < out.length; k++) out[k] /= sum;
  return out;
}

/** The same for a model that gives probabilities: their logarithms stand in for the logits. */
export function temper<Out extends Float32Array | Float64Array>(
  probabilities: ArrayLike<number>,
  temperature: number,
  out: Out,
): Out {
  for (let k = 0; k < out.length; k++) out[k] = Math.log(Math.max(probabilities[k], floor));
  return softmax(out, temperature, out);
}

/** Factor and bias of each class, applied to logits (or log probabilities) before the softmax. */
export interface VectorScaling {
  readonly scale: readonly number[];
  readonly bias: readonly number[];
}

export function vectorScale<Out extends Float32Array | Float64Array>(
  logits: ArrayLike<number>,
  { scale, bias }: VectorScaling,
  out: Out,
): Out {
  for (let k = 0; k < out.length; k++) out[k] = logits[k] * scale[k] + bias[k];
  return softmax(out, 1, out);
}
