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
/** Newton's steps at most; a few are enough but where a model is far too sure of itself. */
const NEWTON_STEPS = 60;
const HALVINGS = 30;
/** A step that moves nothing by more than this is the last. */
const SETTLED = 1e-7;
/** Of the temperature's factor; less would make a label's score nearly the same for every window, or turn it round. */
const LEAST_SHARE = 0.05;
const TEMPERATURES = [0.05, 100] as const;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const SECTIONS = 40;

/**
 * The temperature that makes the truth most likely (Guo et al. 2017). The likelihood has one peak, found by golden-section
 * search between 0.05 and 100.
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
  let [low, high] = TEMPERATURES.map(Math.log);
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [lossA, lossB] = [loss(a), loss(b)];
  for (let i = 0; i < SECTIONS; i++) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - GOLDEN * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + GOLDEN * (high - low);
      lossB = loss(b);
    }
  }
  return Math.exp((low + high) / 2);
}

/**
 * Factor and bias of each label: the most likely ones, pulled towards those of the temperature, from which they start.
 * The problem is convex, and Newton's method solves it; a step that would make things worse, as the first ones do
 * where a model is far too sure of itself, is halved until it does not.
 */
export function fitVector(data: Weighted, temperature: number): VectorScaling {
  const labels = data.rows[0].length;
  const start = Float64Array.from({ length: 2 * labels }, (_, t) => (t < labels ? 1 / temperature : 0));
  let theta: Float64Array = start;
  let loss = lossAt(data, theta, start);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const move = newtonStep(data, theta, start);
    const next = descend(data, theta, start, move, loss);
    if (next === undefined) break;
    const moved = next.theta.reduce((most, v, t) => Math.max(most, Math.abs(v - theta[t])), 0);
    ({ theta, loss } = next);
    if (moved < SETTLED) break;
  }
  const scale = [...theta.subarray(0, labels)].map((v) => Math.max(LEAST_SHARE / temperature, v));
  return { scale, bias: [...theta.subarray(labels)] };
}

/** As much of `move` as lowers the loss; undefined where nothing of it does: the bottom is reached. */
function descend(
  data: Weighted,
  theta: Float64Array,
  start: Float64Array,
  move: Float64Array,
  loss: number,
): { theta: Float64Array; loss: number } | undefined {
  for (let share = 1, i = 0; i < HALVINGS; share /= 2, i++) {
    const next = theta.map((v, t) => v + share * move[t]);
    const nextLoss = lossAt(data, next, start);
    if (nextLoss < loss) return { theta: next, loss: nextLoss };
  }
  return undefined;
}

/** Scores of a row scaled by `theta`, factors first, then biases. */
function scores(row: Float64Array, theta: Float64Array, out: Float64Array): Float64Array {
  for (let k = 0; k < out.length; k++) out[k] = row[k] * theta[k] + theta[out.length + k];
  return out;
}

/** Negative log-likelihood and pull. Not from probabilities: those of a hopeless case are 0, and their slope is gone. */
function lossAt({ rows, truth, weights }: Weighted, theta: Float64Array, start: Float64Array): number {
  const z = new Float64Array(theta.length / 2);
  let sum = 0;
  rows.forEach((row, i) => {
    scores(row, theta, z);
    const top = Math.max(...z);
    const total = z.reduce((s, v) => s + Math.exp(v - top), 0);
    sum += weights[i] * (top + Math.log(total) - z[truth[i]]);
  });
  return theta.reduce((s, v, t) => s + (PULL / 2) * (v - start[t]) ** 2, sum);
}

function newtonStep(
  { rows, truth, weights }: Weighted,
  theta: Float64Array,
  start: Float64Array,
): Float64Array {
  const labels = theta.length / 2;
  const p = new Float64Array(labels);
  const gradient = theta.map((v, t) => PULL * (start[t] - v));
  const curvature = Array.from(theta, (_, t) => {
    const row = new Float64Array(theta.length);
    row[t] = PULL;
    return row;
  });
  rows.forEach((x, i) => {
    softmax(scores(x, theta, p), 1, p);
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
  return solveSymmetric(curvature, gradient);
}

/** Negative log-likelihood (nats) of the truth, finite. */
export function surprise(p: ArrayLike<number>, truth: number): number {
  return -Math.log(Math.max(p[truth], 1e-12));
}
