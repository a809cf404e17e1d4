import { findLattice, type LatticeMatch, type Resolution } from '../resolution.ts';

/** Gain and zero of a channel as the lattice of its converter shows them (see agent/drift/resolution.ts). */
export interface LatticeGain {
  /** Step that is there over step of the reference. */
  readonly gain: number;
  /** Where the reference's zero lies now, in the unit of the values; undefined where it moved and cannot be told. */
  readonly offset: number | undefined;
  readonly fit: number;
}

const least = 0.3;
const most = 3.2;
/** Changes looked at: enough for a step to 1e-4. */
const keptChanges = 2000;
/** Of changes other than none, this share must be a step or more: else the lattice is only the signal's smoothness. */
const wholeSteps = 0.9;
/** Mean cosine of the values' place on the reference's lattice, from which on a zero is believed to be right. */
const leastPhaseFit = 0.7;
/** How far a step from changes alone may be off, as a share of it, and as a share of a step at the mean value. */
const stepError = 0.01;
const placeError = 0.3;
/** Clamped readings that show where zero is, and how far the next value must be from it, in steps. */
const fewestClamped = 5;
const clampGap = 2;
const same = 1e-6;

/**
 * The gain of one channel by its lattice, or undefined where the values have none that is like the reference's.
 * `values` are readings as they came, in order. A driver that clamps small currents to zero shows where zero is.
 */
export function latticeGain(values: ArrayLike<number>, reference: Resolution): LatticeGain | undefined {
  const clamp = clampOf(values);
  const match = latticeAmong(changesWithout(values, clamp), reference.step);
  if (match === undefined) return undefined;
  const clamped =
    clamp !== undefined && Math.abs(clamp) > same && gapAbove(values, clamp) > clampGap * match.step;
  const others = Float64Array.from(values).filter((v) => v !== clamp && Math.abs(v) > same);
  for (const offset of clamped ? [clamp, 0] : [0]) {
    const placed = placeOn(
      others.map((v) => v - offset),
      match.step,
      reference.phase,
    );
    if (placed.fit >= leastPhaseFit) return { gain: placed.step / reference.step, offset, fit: match.fit };
  }
  return { gain: match.step / reference.step, offset: undefined, fit: match.fit };
}

/** The step near `step` on which the values lie best at the reference's phase: they reach farther than their changes. */
function placeOn(values: Float64Array, step: number, phase: number): { step: number; fit: number } {
  const mean = values.reduce((sum, v) => sum + Math.abs(v), 0) / Math.max(1, values.length);
  const width = Math.min(stepError, placeError / Math.max(1, mean / step));
  let best = { step, fit: -1 };
  for (let i = -40; i <= 40; i++) {
    const near = step * (1 + (width * i) / 40);
    let sum = 0;
    for (const v of values) sum += Math.cos(2 * Math.PI * (v / near - phase));
    if (sum / values.length > best.fit) best = { step: near, fit: sum / values.length };
  }
  return best;
}

/** The lattice among changes, if it is one of whole steps and lies within reach of the reference's. */
function latticeAmong(changes: readonly number[], referenceStep: number): LatticeMatch | undefined {
  const match = findLattice(changes.slice(-keptChanges), referenceStep * least, referenceStep * most);
  if (match === undefined) return undefined;
  const whole = changes.filter((c) => Math.abs(c) > 0.75 * match.step).length;
  return whole >= wholeSteps * changes.length ? match : undefined;
}

/** The lowest value, where readings come back to exactly it: a driver's idea of no current. */
function clampOf(values: ArrayLike<number>): number | undefined {
  let low = Number.POSITIVE_INFINITY;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) [low, count] = [values[i], 0];
    if (values[i] === low) count++;
  }
  return count >= fewestClamped ? low : undefined;
}

function gapAbove(values: ArrayLike<number>, clamp: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) if (values[i] > clamp && values[i] < next) next = values[i];
  return next - clamp;
}

/** Changes between neighbours of which neither is clamped and that are not the same. */
function changesWithout(values: ArrayLike<number>, clamp: number | undefined): number[] {
  const changes: number[] = [];
  const out = (v: number) => v === clamp || Math.abs(v) < same;
  for (let i = 1; i < values.length && changes.length < keptChanges; i++) {
    const [before, now] = [values[i - 1], values[i]];
    if (!out(before) && !out(now) && Math.abs(now - before) > same) changes.push(now - before);
  }
  return changes;
}
