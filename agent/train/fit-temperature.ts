import { temper } from '../decision/temperature.ts';

/**
 * The temperature that makes held-out probabilities [count, labels] most likely (Guo et al. 2017), with a weight for each
 * window. The likelihood has one peak, found by golden-section search between 0.2 and 5.
 */
export function fitTemperature(
  p: Float32Array,
  truth: ArrayLike<number>,
  weights: ArrayLike<number>,
): number {
  const labels = p.length / truth.length;
  const out = new Float64Array(labels);
  const loss = (logTemperature: number): number => {
    let sum = 0;
    for (let i = 0; i < truth.length; i++) {
      temper(p.subarray(i * labels, (i + 1) * labels), Math.exp(logTemperature), out);
      sum -= weights[i] * Math.log(Math.max(out[truth[i]], 1e-12));
    }
    return sum;
  };
  let [low, high] = [Math.log(0.2), Math.log(5)];
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < 30; i++) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (loss(a) < loss(b)) high = b;
    else low = a;
  }
  return Math.round(Math.exp((low + high) / 2) * 1000) / 1000;
}
