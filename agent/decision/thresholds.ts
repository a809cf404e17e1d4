import type { UnknownThresholds } from './decision.ts';

/** What one window of a known surface scored, out of fold. */
export interface KnownWindow {
  readonly entropyNats: number;
  readonly margin?: number;
  readonly distance?: number;
}

/**
 * Thresholds beyond which at most `falseRejectRate` of the known windows lie. The windows must be out of fold: a model
 * knows its training windows too well. Each of the measures in use gets an equal share of the rate (union bound), so
 * the rate of all of them together is at most, not exactly, the one asked for. Throws a RangeError where there are no
 * windows, or one lacks a measure in use.
 */
export function unknownThresholds(
  known: readonly KnownWindow[],
  falseRejectRate: number,
  measures: readonly ('entropy' | 'margin' | 'distance')[],
): UnknownThresholds {
  if (known.length === 0) throw new RangeError('no known windows to set thresholds from');
  const share = falseRejectRate / measures.length;
  const limits: { maxEntropy?: number; minMargin?: number; maxDistance?: number } = {};
  for (const measure of measures) {
    const values = valuesOf(known, measure === 'entropy' ? 'entropyNats' : measure);
    if (measure === 'entropy') limits.maxEntropy = quantile(values, 1 - share, 'up');
    else if (measure === 'margin') limits.minMargin = quantile(values, share, 'down');
    else limits.maxDistance = quantile(values, 1 - share, 'up');
  }
  return limits;
}

function valuesOf(known: readonly KnownWindow[], key: keyof KnownWindow): number[] {
  return known.map((window, i) => {
    const value = window[key];
    if (value === undefined) throw new RangeError(`window ${i}: found no ${key}, expected a number`);
    return value;
  });
}

/** The order statistic at or above (`up`) or below (`down`) the quantile: no interpolation, so that a share is a promise. */
export function quantile(values: readonly number[], q: number, towards: 'up' | 'down'): number {
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  return sorted[towards === 'up' ? Math.ceil(at) : Math.floor(at)];
}
