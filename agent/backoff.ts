/**
 * How long to wait before attempt `n` (from 0), in milliseconds: exponential with full jitter, so that a fleet that lost
 * its broker at one moment does not come back at one moment. Between a tenth and the whole of
 * `min(maxMs, baseMs * 2^n)`. `random` gives [0, 1).
 */
export function backoffMs(n: number, baseMs: number, maxMs: number, random: () => number): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(n, 30));
  return Math.round(ceiling * (0.1 + 0.9 * random()));
}
