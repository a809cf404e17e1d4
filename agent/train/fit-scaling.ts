import { logarithms, type Scaling, scaled } from '../decision/scaling.ts';
import { score } from '../model/metrics.ts';
import { fitTemperature, fitVector, surprise, type Weighted } from './scaling-fits.ts';

/** What a model gave for windows of recordings that it had not seen. */
export interface JudgedWindows {
  readonly labels: readonly string[];
  readonly kind: 'logits' | 'probabilities';
  /** [count, labels], as the model gave it. */
  readonly output: Float32Array;
  readonly truth: ArrayLike<number>;
  readonly recordings: readonly string[];
}

/** Scores of one way of scaling, on recordings that its numbers were not fitted on. */
export interface ScalingScores {
  /** Mean over the labels of the mean negative log-likelihood (nats). */
  readonly logLoss: number;
  readonly ece: number;
  readonly brier: number;
}

/** The scaling that was chosen, and what spoke for it. */
export interface FittedScaling extends Scaling {
  readonly compared: Readonly<Record<'asIs' | 'temperature' | 'vector', ScalingScores>>;
}

/** Parts that recordings are dealt into: each is scaled by a fit on the others. */
const PARTS = 5;
/**
 * Fits a temperature and, where that is better on recordings that were not fitted on (log-likelihood, by more than one
 * standard error over the recordings), a factor and bias for each label.
 */
export function fitScaling(judged: JudgedWindows): FittedScaling {
  const all = weighted(judged);
  const parts = dealt(judged);
  // With one recording a label there is nothing to compare on but what was fitted on.
  const apart = new Set(parts).size > 1;
  const [asIs, cooled, vector]: Float64Array[][] = [[], [], []];
  for (let part = 0; part < PARTS; part++) {
    if (!parts.includes(part)) continue;
    const others = apart ? only(all, (i) => parts[i] !== part) : all;
    const temperature = fitTemperature(others);
    const vectorScaling = fitVector(others, temperature);
    all.rows.forEach((row, i) => {
      if (parts[i] !== part) return;
      const apply = (scaling: Scaling): Float64Array => scaled(row, scaling, new Float64Array(row.length));
      asIs[i] = apply({ temperature: 1 });
      cooled[i] = apply({ temperature });
      vector[i] = apply({ temperature, vectorScaling });
    });
  }
  const compared = {
    asIs: scoresOf(judged, all, asIs),
    temperature: scoresOf(judged, all, cooled),
    vector: scoresOf(judged, all, vector),
  };
  const temperature = round(fitTemperature(all));
  if (!apart || !clearlyBetter(judged.recordings, all, vector, cooled)) return { temperature, compared };
  const { scale, bias } = fitVector(all, temperature);
  return { temperature, vectorScaling: { scale: scale.map(round), bias: bias.map(round) }, compared };
}

/** Whether `a` is more likely than `b` by more than one standard error over the recordings. */
function clearlyBetter(
  recordings: readonly string[],
  { truth, weights }: Weighted,
  a: readonly Float64Array[],
  b: readonly Float64Array[],
): boolean {
  const gains = new Map<string, number>();
  recordings.forEach((id, i) => {
    const gain = weights[i] * (surprise(b[i], truth[i]) - surprise(a[i], truth[i]));
    gains.set(id, (gains.get(id) ?? 0) + gain);
  });
  const list = [...gains.values()];
  const total = list.reduce((sum, g) => sum + g, 0);
  const mean = total / list.length;
  const square = list.reduce((sum, g) => sum + (g - mean) ** 2, 0) / Math.max(1, list.length - 1);
  return total > Math.sqrt(list.length * square);
}

function scoresOf(
  { labels }: JudgedWindows,
  { truth, weights }: Weighted,
  p: readonly Float64Array[],
): ScalingScores {
  const { ece, brier } = score(labels, truth, p);
  const sum = p.reduce((total, own, i) => total + weights[i] * surprise(own, truth[i]), 0);
  return { logLoss: round(sum / truth.length), ece: round(ece), brier: round(brier) };
}

/** Scores as they are scaled, and weights that make every label count the same. */
function weighted({ labels, kind, output, truth }: JudgedWindows): Weighted {
  const count = truth.length;
  const rows = Array.from({ length: count }, (_, i) => {
    const own = output.subarray(i * labels.length, (i + 1) * labels.length);
    return kind === 'logits' ? Float64Array.from(own) : logarithms(own, new Float64Array(labels.length));
  });
  const counts = labels.map((_, k) => Array.from(truth).filter((t) => t === k).length);
  const present = counts.filter((c) => c > 0).length;
  return {
    rows,
    truth: Array.from(truth),
    weights: Array.from(truth, (t) => count / (present * counts[t])),
  };
}

/** The part of each window: recordings of a label are dealt one after the other. */
function dealt({ truth, recordings }: JudgedWindows): number[] {
  const partOf = new Map<string, number>();
  const next = new Map<number, number>();
  return recordings.map((id, i) => {
    const known = partOf.get(id);
    if (known !== undefined) return known;
    const part = next.get(truth[i]) ?? 0;
    next.set(truth[i], (part + 1) % PARTS);
    partOf.set(id, part);
    return part;
  });
}

function only({ rows, truth, weights }: Weighted, keep: (i: number) => boolean): Weighted {
  return {
    rows: rows.filter((_, i) => keep(i)),
    truth: truth.filter((_, i) => keep(i)),
    weights: weights.filter((_, i) => keep(i)),
  };
}

function round(v: number): number {
  return Number(v.toPrecision(4));
}
