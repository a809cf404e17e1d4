import { Decision } from '../../agent/decision/decision.ts';
import { FeatureDistance } from '../../agent/drift/distance.ts';
import { FeatureExtractor } from '../../agent/drift/features.ts';
import { stableDrive } from '../../agent/drift/limits.ts';
import { DriftMonitor } from '../../agent/drift/monitor.ts';
import { overlapOf } from '../../agent/drift/settling.ts';
import type { ModelCard } from '../../agent/model/card.ts';
import type { JudgedWindow } from './streams.ts';

/** Windows that one stay on a surface lasts at most: as on drives with changes of surface every minute or so. */
export const DWELL = 30;
/** Windows of a stable drive before something is changed. */
export const BEFORE = 150;
/** Windows after it that are waited for an alarm. */
export const PATIENCE = 200;

export interface FollowOptions {
  /** Whether the monitor may look at the converter's lattice. */
  readonly lattice: boolean;
}

/** Decision and drift monitor of a card, as the agent joins them. */
export class Follower {
  readonly #decision: Decision;
  readonly #monitor: DriftMonitor;
  readonly #distance: FeatureDistance;
  readonly #lattice: boolean;
  #windows = 0;

  constructor(card: ModelCard, { lattice }: FollowOptions) {
    const { names } = new FeatureExtractor(
      card.channels.map((c) => c.name),
      card.steps,
    );
    this.#lattice = lattice;
    this.#decision = new Decision({ labels: card.labels, ...card.decision });
    this.#distance = new FeatureDistance(card.reference, names);
    this.#monitor = new DriftMonitor(card.reference, {
      featureNames: names,
      labels: card.labels,
      modelRateHz: card.rateHz,
      overlap: overlapOf(card),
    });
  }

  push({ probabilities, features, data, rateHz }: JudgedWindow) {
    const verdict = this.#decision.push(probabilities, false, this.#distance.of(features));
    const drift = this.#monitor.push({
      timeUs: this.#windows++,
      features,
      ...(this.#lattice && { data }),
      verdict,
      rateHz,
    });
    return { verdict, drift };
  }
}

/** Times that the state becomes `drift` on a stable drive of `length` windows. */
export function falseAlarms(
  card: ModelCard,
  windows: readonly JudgedWindow[],
  length: number,
  seed: number,
): { alarms: number; driftShare: number } {
  const follower = new Follower(card, { lattice: true });
  let [alarms, inDrift, before] = [0, 0, ''];
  for (const window of stableDrive(windows, length, DWELL, seed)) {
    const { state } = follower.push(window).drift;
    if (state === 'drift') inDrift++;
    if (state === 'drift' && before !== 'drift') alarms++;
    before = state;
  }
  return { alarms, driftShare: inDrift / length };
}

/** Windows from the change to the alarm, one a run; infinite where none came, missing where one came before. */
export function delays(
  card: ModelCard,
  stable: readonly JudgedWindow[],
  changed: readonly JudgedWindow[],
  runs: number,
  options: FollowOptions,
): number[] {
  const found: number[] = [];
  for (let run = 0; run < runs; run++) {
    const follower = new Follower(card, options);
    let alarmed = false;
    for (const window of stableDrive(stable, BEFORE, DWELL, 2 * run + 1)) {
      alarmed ||= follower.push(window).drift.state === 'drift';
    }
    if (alarmed) continue;
    found.push(Number.POSITIVE_INFINITY);
    let after = 0;
    for (const window of stableDrive(changed, PATIENCE, DWELL, 2 * run + 2)) {
      after++;
      if (follower.push(window).drift.state !== 'drift') continue;
      found[found.length - 1] = after;
      break;
    }
  }
  return found;
}

/** Windows that an estimate of the accuracy is of, and is judged over. */
const STRETCH = 60;

/** What the estimated accuracy comes to on a long drive, and how often the true one of the last 60 windows lies in its interval. */
export function estimates(
  card: ModelCard,
  windows: readonly JudgedWindow[],
  options: FollowOptions,
): { estimated: number; inside: number } {
  const follower = new Follower(card, options);
  const right: number[] = [];
  let [sum, inside, judged] = [0, 0, 0];
  for (const window of stableDrive(windows, 3000, DWELL, 77)) {
    const { verdict, drift } = follower.push(window);
    sum += drift.chance ?? Number.NaN;
    right.push(verdict.labelIndex === window.truth ? 1 : 0);
    if (right.length < STRETCH || !drift.estimatedAccuracy) continue;
    const truth = right.slice(-STRETCH).reduce((a, b) => a + b, 0) / STRETCH;
    judged++;
    if (truth >= drift.estimatedAccuracy.low && truth <= drift.estimatedAccuracy.high) inside++;
  }
  return { estimated: sum / right.length, inside: inside / judged };
}

/** Area under the receiver operating characteristic: the chance that a positive scores above a negative. */
export function auroc(positive: readonly number[], negative: readonly number[]): number {
  const all = [...positive.map((x) => ({ x, p: 1 })), ...negative.map((x) => ({ x, p: 0 }))].sort(
    (a, b) => a.x - b.x,
  );
  let rankSum = 0;
  for (let i = 0; i < all.length; ) {
    let j = i;
    while (j < all.length && all[j].x === all[i].x) j++;
    for (let k = i; k < j; k++) if (all[k].p === 1) rankSum += (i + j + 1) / 2;
    i = j;
  }
  const n = positive.length;
  return (rankSum - (n * (n + 1)) / 2) / (n * negative.length);
}
