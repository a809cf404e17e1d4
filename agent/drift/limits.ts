import { Decision, type DecisionOptions } from '../decision/decision.ts';
import { DriftMonitor } from './monitor.ts';
import { detectorNames } from './panel.ts';
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
  /** Windows of stable driving to try; the false-alarm rate that the limits promise is about one in this many. */
  readonly windows?: number;
  /** Longest stay on one surface, in windows. */
  readonly dwell?: number;
  /** Head room over the most evidence seen. */
  readonly margin?: number;
  readonly seed?: number;
}

/**
 * Sets the limits of every detector: recordings are strung together in random order into one long stable drive with
 * changes of surface, and the most evidence that each detector gathers on it, times `margin`, is its limit. Takes a
 * few seconds. Adds `limits` to the reference.
 */
export function setLimits(
  reference: Reference,
  featureNames: readonly string[],
  decisionOptions: DecisionOptions,
  windows: readonly DrivenWindow[],
  { windows: length = 12_000, dwell = 30, margin = 1.15, seed = 1 }: LimitOptions = {},
): void {
  const monitor = new DriftMonitor(reference, { featureNames });
  const decision = new Decision(decisionOptions);
  const most = monitor.streams.map(() => new Float64Array(detectorNames.length));
  let count = 0;
  for (const window of stableDrive(windows, length, dwell, seed)) {
    const verdict = decision.push(window.probabilities, false);
    monitor.push({ timeUs: count, features: window.features, verdict, rateHz: 1 });
    if (++count < 10) continue;
    monitor.panels.forEach(({ severity }, s) => {
      for (let d = 0; d < severity.length; d++) most[s][d] = Math.max(most[s][d], severity[d]);
    });
  }
  reference.limits = Object.fromEntries(
    monitor.streams.map(({ name }, s) => [
      name,
      Object.fromEntries(detectorNames.map((d, i) => [d, Math.max(0.5, round(most[s][i] * margin))])),
    ]),
  );
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
