/** A normal distribution of several numbers, made for asking how likely some are. */
export class Gaussian {
  readonly mean: Float64Array;
  /** Logarithm of the determinant of the covariance. */
  readonly logDeterminant: number;
  /** Lower triangle L of the covariance = L L', row-major. */
  readonly #root: Float64Array;
  readonly #work: Float64Array;

  /** `covariance`: rows of a positive definite matrix. Throws a RangeError where it is none. */
  constructor(mean: ArrayLike<number>, covariance: readonly ArrayLike<number>[]) {
    this.mean = Float64Array.from(mean);
    this.#work = new Float64Array(mean.length);
    this.#root = cholesky(covariance);
    let log = 0;
    for (let i = 0; i < mean.length; i++) log += 2 * Math.log(this.#root[i * mean.length + i]);
    this.logDeterminant = log;
  }

  get size(): number {
    return this.mean.length;
  }

  /** L^-1 x: numbers that are independent with variance 1. Fills and returns `out`. */
  whiten(x: ArrayLike<number>, out: Float64Array): Float64Array {
    const n = this.size;
    for (let i = 0; i < n; i++) {
      let sum = x[i];
      for (let j = 0; j < i; j++) sum -= this.#root[i * n + j] * out[j];
      out[i] = sum / this.#root[i * n + i];
    }
    return out;
  }

  /** Squared Mahalanobis distance of `x` from the mean: about `size` for numbers that belong here. */
  distance(x: ArrayLike<number>): number {
    for (let i = 0; i < this.size; i++) this.#work[i] = x[i] - this.mean[i];
    const white = this.whiten(this.#work, this.#work);
    let sum = 0;
    for (let i = 0; i < this.size; i++) sum += white[i] * white[i];
    return sum;
  }
}

/** Solves A x = b for a small symmetric positive definite A; also gives the diagonal of A's inverse. */
export function solve(
  a: readonly ArrayLike<number>[],
  b: ArrayLike<number>,
): { x: number[]; variance: number[] } {
  const n = b.length;
  const root = cholesky(a);
  const column = (right: ArrayLike<number>): number[] => {
    const y = new Array<number>(n).fill(0);
    for (let i = 0; i < n; i++) {
      let sum = right[i];
      for (let j = 0; j < i; j++) sum -= root[i * n + j] * y[j];
      y[i] = sum / root[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = y[i];
      for (let j = i + 1; j < n; j++) sum -= root[j * n + i] * y[j];
      y[i] = sum / root[i * n + i];
    }
    return y;
  };
  const unit = (i: number) => Array.from({ length: n }, (_, k) => (k === i ? 1 : 0));
  return { x: column(b), variance: Array.from({ length: n }, (_, i) => column(unit(i))[i]) };
}

function cholesky(a: readonly ArrayLike<number>[]): Float64Array {
  const n = a.length;
  const root = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j];
      for (let k = 0; k < j; k++) sum -= root[i * n + k] * root[j * n + k];
      if (i === j && !(sum > 0)) throw new RangeError('the matrix is not positive definite');
      root[i * n + j] = i === j ? Math.sqrt(sum) : sum / root[j * n + j];
    }
  }
  return root;
}
