/**
 * The step of the sensor's converter, seen in the numbers themselves. A current that was digitised lies on a lattice
 * (the Husky's on multiples of 0.131 A). Whoever changes the gain behind the converter (another calibration, another
 * sensor, a scaled recording) changes the lattice, and that shows within one window, whatever the surface. A heavier
 * load does not change it: for that there are level and spread. It works only where windows carry the readings as they
 * came (input rate = model rate); a resampled or filtered signal has no lattice.
 */

/** Lattice of one channel, from the model's reference recordings. */
export interface Resolution {
  /** Distance of neighbouring values, in the channel's unit. */
  step: number;
  /** Where the lattice lies: value / step modulo 1. */
  phase: number;
  /** Mean fit of the reference's changes to the lattice: 1 is perfect, 0 is none. */
  fit: number;
}

/** How a window fits a lattice. */
export interface ResolutionFit {
  /** Mean of cos(2 pi change / step) over the changes: 1 on the lattice, about 0 off it. */
  fit: number;
  /** The same for a lattice two and three times as coarse; high means a multiple of the step. */
  fit2: number;
  fit3: number;
  /** Mean direction of value / step, modulo 1; means something where `fit` is high. */
  phase: number;
  /** Changes that were looked at. */
  changes: number;
}

/** Values this near zero are a driver's dead band, clamped, and carry no lattice. */
const zero = 1e-6;
/** A reference below this fit has no lattice worth watching. */
const leastFit = 0.8;

/** Measures channel `channel` of a window (steps x channels, row-major) against a lattice. Allocates nothing. */
export function measureFit(
  data: ArrayLike<number>,
  channel: number,
  channels: number,
  step: number,
  out: ResolutionFit,
): ResolutionFit {
  const turn = (2 * Math.PI) / step;
  let [fit, fit2, fit3, changes, re, im, values] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = channel; i < data.length; i += channels) {
    const x = data[i];
    if (Math.abs(x) < zero) continue;
    re += Math.cos(turn * x);
    im += Math.sin(turn * x);
    values++;
    const before = i >= channels ? data[i - channels] : 0;
    const change = x - before;
    if (Math.abs(before) < zero || Math.abs(change) < zero) continue;
    fit += Math.cos(turn * change);
    fit2 += Math.cos((turn * change) / 2);
    fit3 += Math.cos((turn * change) / 3);
    changes++;
  }
  out.fit = changes > 0 ? fit / changes : 0;
  out.fit2 = changes > 0 ? fit2 / changes : 0;
  out.fit3 = changes > 0 ? fit3 / changes : 0;
  out.phase = values > 0 ? (Math.atan2(im, re) / (2 * Math.PI) + 1) % 1 : 0;
  out.changes = changes;
  return out;
}

/** Smallest distance of two phases, 0 to 0.5. */
export function phaseDistance(a: number, b: number): number {
  const d = Math.abs(a - b) % 1;
  return Math.min(d, 1 - d);
}

/** A lattice that was searched for. */
export interface LatticeMatch {
  readonly step: number;
  readonly fit: number;
}

/**
 * The coarsest lattice between `low` and `high` that the changes fit, or undefined where none fits well. A lattice of
 * half the step fits as well as the true one, so the coarsest is meant.
 */
export function findLattice(changes: ArrayLike<number>, low: number, high: number): LatticeMatch | undefined {
  const largest = Array.from(changes).reduce((m, c) => Math.max(m, Math.abs(c)), 0);
  if (changes.length < 24 || largest === 0) return undefined;
  // Neighbours in the search differ by an eighth of a turn at the largest change that counts.
  const reach = Math.min(largest, 24 * high);
  const kept = Array.from(changes).filter((c) => Math.abs(c) <= reach);
  const fitOf = (step: number) => {
    let sum = 0;
    for (const c of kept) sum += Math.cos((2 * Math.PI * c) / step);
    return sum / kept.length;
  };
  let best: LatticeMatch = { step: high, fit: -1 };
  const all: LatticeMatch[] = [];
  for (let step = high; step >= low; ) {
    const fit = fitOf(step);
    all.push({ step, fit });
    if (fit > best.fit) best = { step, fit };
    step /= 1 + (step / reach) * 0.125;
  }
  const near = Math.max(0.6, 0.85 * best.fit);
  const start = all.findIndex((m) => m.fit >= near);
  if (start < 0) return undefined;
  let peak = all[start];
  for (let i = start; i < all.length && all[i].fit >= near * 0.8; i++)
    if (all[i].fit > peak.fit) peak = all[i];
  return refine(fitOf, peak, (peak.step / reach) * 0.125);
}

/** Halves the neighbourhood of a peak until it is known to 1e-5. */
function refine(
  fitOf: (step: number) => number,
  peak: LatticeMatch,
  width: number,
): LatticeMatch | undefined {
  let best = peak;
  for (let w = width; w > 1e-5; w /= 2) {
    for (const step of [best.step * (1 - w), best.step * (1 + w)]) {
      const fit = fitOf(step);
      if (fit > best.fit) best = { step, fit };
    }
  }
  return best.fit >= leastFit ? best : undefined;
}

/** Changes from one step to the next of one channel of a window, without those that carry no lattice. */
export function changesOf(data: ArrayLike<number>, channel: number, channels: number): number[] {
  const changes: number[] = [];
  for (let i = channel + channels; i < data.length; i += channels) {
    const [before, now] = [data[i - channels], data[i]];
    if (Math.abs(before) < zero || Math.abs(now) < zero || Math.abs(now - before) < zero) continue;
    changes.push(now - before);
  }
  return changes;
}

/** The lattice of one channel over many windows, or undefined where there is none finer than the signal itself. */
export function resolutionOf(
  windows: readonly ArrayLike<number>[],
  channel: number,
  channels: number,
): Resolution | undefined {
  const every = Math.max(1, Math.floor(windows.length / 48));
  const some = windows.filter((_, i) => i % every === 0);
  const changes = some.flatMap((w) => changesOf(w, channel, channels)).slice(0, 2000);
  const sizes = changes.map(Math.abs).sort((a, b) => a - b);
  if (sizes.length < 200) return undefined;
  const typical = sizes[Math.floor(sizes.length / 2)];
  const found = findLattice(changes, typical / 40, typical * 1.5);
  if (!found) return undefined;
  const fit: ResolutionFit = { fit: 0, fit2: 0, fit3: 0, phase: 0, changes: 0 };
  let [re, im] = [0, 0];
  for (const w of some) {
    measureFit(w, channel, channels, found.step, fit);
    re += Math.cos(2 * Math.PI * fit.phase) * fit.fit;
    im += Math.sin(2 * Math.PI * fit.phase) * fit.fit;
  }
  return { step: found.step, phase: (Math.atan2(im, re) / (2 * Math.PI) + 1) % 1, fit: found.fit };
}
