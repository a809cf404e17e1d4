/**
 * Turns scores (logits, or the logarithms of probabilities) into calibrated probabilities. Temperature scaling (Guo et
 * al. 2017) divides them by one number; vector scaling gives every label its own factor and bias. Nothing here allocates:
 * `out` may be the input.
 */

/** Factor and bias of each label, applied to its score before the softmax. */
export interface VectorScaling {
  scale: number[];
  bias: number[];
}

export interface Scaling {
  readonly temperature: number;
  /** Instead of the temperature, where there is one. */
  readonly vectorScaling?: VectorScaling | undefined;
}

/** Smallest probability that is taken for real: keeps logarithms finite. */
const floor = 1e-12;

/** Softmax of `scores / temperature`, without overflow. Temperature above 1 makes it less sure. */
export function softmax<Out extends Float32Array | Float64Array>(
  scores: ArrayLike<number>,
  temperature: number,
  out: Out,
): Out {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < out.length; k++) if (scores[k] > top) top = scores[k];
  let sum = 0;
  for (let k = 0; k < out.length; k++) {
    const e = Math.exp((scores[k] - top) / temperature);
    out[k] = e;
    sum += e;
  }
  for (let k = 0; k < out.length; k++) out[k] /= sum;
  return out;
}

/** Logarithms of a model's probabilities, to be scaled like logits. */
export function logarithms<Out extends Float32Array | Float64Array>(
  probabilities: ArrayLike<number>,
  out: Out,
): Out {
  for (let k = 0; k < out.length; k++) out[k] = Math.log(Math.max(probabilities[k], floor));
  return out;
}

/** Calibrated probabilities, one a label, that sum to 1. */
export function scaled<Out extends Float32Array | Float64Array>(
  scores: ArrayLike<number>,
  { temperature, vectorScaling }: Scaling,
  out: Out,
): Out {
  if (!vectorScaling) return softmax(scores, temperature, out);
  const { scale, bias } = vectorScaling;
  for (let k = 0; k < out.length; k++) out[k] = scores[k] * scale[k] + bias[k];
  return softmax(out, 1, out);
}
