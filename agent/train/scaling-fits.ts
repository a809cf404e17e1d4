import { softmax, type VectorScaling } from '../decision/scaling.ts';
import { solveSymmetric } from '../drift/solve.ts';

/** Logits or log probabilities row by row, and a weight for each window. */
export interface Weighted {
  readonly rows: readonly Float64Array[];
  readonly truth: readonly number[];
  readonly weights: readonly number[];
}

/** How firmly a label's factor and bias are held to those of the temperature alone, in windows. */
const PULL = 20;
const NEWTON_STEPS = 20;
const LEAST_SCALE = 0.05;

/**
 * The temperature that makes the truth most likely (Guo et al. 2017). The likelihood has one peak, found by golden-section
 * search between 0.2 and 5.
 */
export function fitTemperature({ rows, truth, weights }: Weighted): number {
  const out = new Float64Array(rows[0].length);
  const loss = (logTemperature: number): number => {
    const temperature = Math.exp(logTemperature);
    return rows.reduce(
      (sum, row, i) => sum + weights[i] * surprise(softmax(row, temperature, out), truth[i]),
      0,
    );
  };
  let [low, high] = [Math.log(0.2), Math.log(5)];
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < 30; i++) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (loss(a) < loss(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

/** Factor and bias of each label by Newton's method: a convex problem, whose start is its solution but for the pull. */
export function fitVector({ rows, truth, weights }: Weighted, temperature: number): VectorScaling {
  const labels = rows[0].length;
  const start = Float64Array.from({ length: 2 * labels }, (_, t) => (t < labels ? 1 / temperature : 0));
  const theta = start.slice();
  const p = new Float64Array(labels);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const gradient = theta.map((v, t) => PULL * (start[t] - v));
    const curvature = Array.from({ length: 2 * labels }, (_, t) => {
      const row = new Float64Array(2 * labels);
      row[t] = PULL;
      return row;
    });
    rows.forEach((x, i) => {
      for (let k = 0; k < labels; k++) p[k] = x[k] * theta[k] + theta[labels + k];
      softmax(p, 1, p);
      for (let k = 0; k < labels; k++) {
        const miss = weights[i] * ((truth[i] === k ? 1 : 0) - p[k]);
        gradient[k] += miss * x[k];
        gradient[labels + k] += miss;
        for (let l = 0; l < labels; l++) {
          const bend = weights[i] * p[k] * ((k === l ? 1 : 0) - p[l]);
          if (l <= k) curvature[k][l] += bend * x[k] * x[l];
          if (l <= k) curvature[labels + k][labels + l] += bend;
          curvature[labels + k][l] += bend * x[l];
        }
      }
    });
    const move = solveSymmetric(curvature, gradient);
    for (let t = 0; t < theta.length; t++) theta[t] += move[t];
  }
  const scale = [...theta.subarray(0, labels)].map((v) => Math.max(LEAST_SCALE, v));
  return { scale, bias: [...theta.subarray(labels)] };
}

/** Negative log-likelihood (nats) of the truth, finite. */
export function surprise(p: ArrayLike<number>, truth: number): number {
  return -Math.log(Math.max(p[truth], 1e-12));
}
