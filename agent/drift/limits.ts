import { Decision, type DecisionOptions } from '../decision/decision.ts';
import { buildReference } from './build-reference.ts';
import { DriftMonitor } from './monitor.ts';
import { type DetectorName, detectorNames } from './panel.ts';
import type { Reference } from './reference.ts';

/** One window of a recording that the model had not been trained on. */
export interface DrivenWindow {
  readonly recording: string;
  /** Index of the true label. */
  readonly truth: number;
  readonly probabilities: Float32Array;
  readonly features: ArrayLike<number>;
}

export interface LimitOptions {
  /** Windows of stable driving to try, over all parts. */
  readonly windows?: number;
  /** Longest stay on one surface, in windows; default: as long as the recordings are. */
  readonly dwell?: number;
  /** Multiplies the head room over the most evidence seen. */
  readonly margin?: number;
  /** Parts that the recordings are dealt into. */
  readonly parts?: number;
  readonly seed?: number;
  /** As the monitor's. */
  readonly overlap?: number;
}

/**
 * Sets the limits of every detector. The recordings are dealt into parts; those of one part, strung together in random
 * order into one long stable drive with changes of surface, are held against a reference made of the other parts. The
 * most evidence that a detector gathers on any of these drives, with some head room, is its limit. A reference that had seen
 * the very recordings would make them look more alike than drives are. Takes seconds to tens of seconds. Adds `limits` to the reference.
 */
export function setLimits(
  reference: Reference,
  featureNames: readonly string[],
  decisionOptions: DecisionOptions,
  windows: readonly DrivenWindow[],
  { windows: length = 12_000, dwell = 1000, margin = 1, parts = 5, seed = 1, overlap = 3 }: LimitOptions = {},
): void {
  const partOf = dealt(windows, parts);
  const most = new Map<string, Float64Array>();
  for (let part = 0; part < parts; part++) {
    const own = windows.filter((w) => partOf.get(w.recording) === part);
    const others = windows.filter((w) => partOf.get(w.recording) !== part);
    if (own.length === 0) continue;
    const of = others.length === 0 ? reference : referenceOf(featureNames, decisionOptions.labels, others);
    // Limits that are not there are not looked at: nothing is held against anything yet.
    const monitor = new DriftMonitor({ ...of, limits: {} }, { featureNames, overlap });
    const decision = new Decision(decisionOptions);
    let count = 0;
    for (const window of stableDrive(own, length / parts, dwell, seed + part)) {
      const verdict = decision.push(window.probabilities, false);
      monitor.push({ timeUs: count, features: window.features, verdict, rateHz: 1 });
      if (++count >= warmup) keepMost(monitor, most);
    }
  }
  reference.limits = Object.fromEntries(
    [...most].map(([name, evidence]) => [
      name,
      Object.fromEntries(
        [...detectorNames.entries()]
          // A detector that never had enough windows to say anything was not tried: it stays without a limit, and a say.
          .filter(([i]) => evidence[i] > 0)
          .map(([i, d]) => [
            d,
            Math.max(leastLimit(d), round(evidence[i] * headRoom[d] * roomFor(name) * margin)),
          ]),
      ),
    ]),
  );
}

/**
 * Head room over the most evidence of stable drives. Chosen on drives with many changes of surface, strung together
 * anew (docs/drift.md). What compares now with before has the longer tail, because every stretch of road is a new one.
 */
const headRoom: Record<DetectorName, number> = {
  ewma: 1.4,
  'slow-ewma': 1.4,
  cusum: 1.6,
  'page-hinkley': 1.6,
  adwin: 1.6,
  kswin: 2,
};

/** Confidence alone is a poor witness: a hard stretch of road lowers it for as long as it lasts. */
const roomFor = (stream: string): number => (stream === 'confidence' ? 1.5 : 1);

/** However quiet the drives were, a detector must go this far beyond its own threshold; the CUSUM never forgets a bias. */
const leastLimit = (detector: DetectorName): number => (detector === 'cusum' ? 4 : 1.5);

/** The monitor's own: evidence before that is not looked at. */
const warmup = 10;

function keepMost(monitor: DriftMonitor, most: Map<string, Float64Array>): void {
  monitor.panels.forEach(({ severity }, s) => {
    const { name } = monitor.streams[s];
    const own = most.get(name) ?? new Float64Array(detectorNames.length);
    most.set(name, own);
    for (let d = 0; d < severity.length; d++) own[d] = Math.max(own[d], severity[d]);
  });
}

/** The reference that a card would have, had it only these windows; every recording counts the same. */
function referenceOf(
  featureNames: readonly string[],
  labels: readonly string[],
  windows: readonly DrivenWindow[],
): Reference {
  const count = new Map<string, number>();
  for (const { recording } of windows) count.set(recording, (count.get(recording) ?? 0) + 1);
  return buildReference(
    featureNames,
    windows.map(({ features, probabilities, recording }) => {
      const confidence = Math.max(...probabilities);
      const predicted = labels[probabilities.indexOf(confidence)];
      return { features, confidence, predicted, weight: 1 / count.get(recording)! };
    }),
  );
}

/** Deals recordings into parts, label by label. */
function dealt(windows: readonly DrivenWindow[], parts: number): Map<string, number> {
  const truths = new Map(windows.map((w) => [w.recording, w.truth]));
  const order = [...truths.keys()].sort((a, b) => truths.get(a)! - truths.get(b)!);
  return new Map(order.map((recording, i) => [recording, i % parts]));
}

/** Strings runs of recordings together: every label equally often, every recording of a label equally often. */
export function* stableDrive<W extends Pick<DrivenWindow, 'recording' | 'truth'>>(
  windows: readonly W[],
  length: number,
  dwell: number,
  seed: number,
): Generator<W> {
  const random = lcg(seed);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  const recordings = groupBy(windows, (w) => w.recording);
  const byLabel = groupBy(recordings, (r) => r[0].truth);
  let label = -1;
  for (let done = 0; done < length; ) {
    const others = byLabel.filter((r) => r[0][0].truth !== label);
    const recording = pick(pick(others.length > 0 ? others : byLabel));
    label = recording[0].truth;
    const stay = 1 + Math.floor(random() * dwell);
    const from = Math.floor(random() * Math.max(1, recording.length - stay + 1));
    for (const window of recording.slice(from, from + stay)) {
      yield window;
      if (++done === length) return;
    }
  }
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): T[][] {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}

/** Linear congruential generator (Numerical Recipes): drives need no better. */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function round(x: number): number {
  return Number(x.toPrecision(4));
}
