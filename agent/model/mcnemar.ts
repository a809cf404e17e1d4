/** Outcome of McNemar's test on two models that judged the same windows. */
export interface McNemar {
  /** Windows that only the first, and only the second, got right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Exact two-sided p-value (binomial with p = 1/2 over the windows on which they differ). */
  readonly pValue: number;
}

/**
 * McNemar's exact test (Dietterich 1998 recommends it for two classifiers on one test set). Overlapping windows of one
 * recording are not independent, so a p-value over them is too small: compare recordings, or windows without overlap.
 */
export function mcnemar(firstCorrect: ArrayLike<boolean>, secondCorrect: ArrayLike<boolean>): McNemar {
  if (firstCorrect.length !== secondCorrect.length)
    throw new RangeError(`${firstCorrect.length} and ${secondCorrect.length} outcomes do not pair up`);
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let i = 0; i < firstCorrect.length; i++) {
    if (firstCorrect[i] && !secondCorrect[i]) onlyFirst++;
    if (!firstCorrect[i] && secondCorrect[i]) onlySecond++;
  }
  return { onlyFirst, onlySecond, pValue: exactP(onlyFirst, onlySecond) };
}

/** Two-sided p-value of b against c under a fair coin; in logarithms, so thousands of windows do not underflow. */
function exactP(b: number, c: number): number {
  const n = b + c;
  const least = Math.min(b, c);
  let logTerm = -n * Math.LN2; // log of C(n, 0) / 2^n
  let tail = 0;
  for (let k = 0; k <= least; k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log(n - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * tail);
}
