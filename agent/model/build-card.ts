import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decision, entropy } from '../decision/decision.ts';
import { unknownThresholds } from '../decision/thresholds.ts';
import { buildReference } from '../drift/build-reference.ts';
import { FeatureDistance } from '../drift/distance.ts';
import { type AccuracySet, fitAccuracy } from '../drift/fit-accuracy.ts';
import { setLimits } from '../drift/limits.ts';
import { surfaceLevels } from '../drift/recover/surface-levels.ts';
import { overlapOf } from '../drift/settling.ts';
import type { ModelCard } from './card.ts';
import type { HeldOutWindow } from './held-out-drives.ts';
import { drivesFrom } from './held-out-drives.ts';
import { forCard, MetricsAccumulator } from './metrics.ts';
import { saveCard } from './write-card.ts';

/** What a card is made of; the rest (reference, thresholds, scores, hashes) follows from it. */
export interface CardInputs {
  readonly about: Pick<
    ModelCard,
    | 'name'
    | 'version'
    | 'description'
    | 'created'
    | 'simulated'
    | 'labels'
    | 'rateHz'
    | 'steps'
    | 'stride'
    | 'channels'
    | 'normalisation'
    | 'output'
    | 'temperature'
    | 'vectorScaling'
    | 'training'
  >;
  readonly decision: Pick<ModelCard['decision'], 'stay' | 'evidence' | 'transitions' | 'falseRejectRate'>;
  /** How the held-out windows were kept apart from the training, in words. */
  readonly method: string;
  readonly featureNames: readonly string[];
  /** Rate of the readings in the recordings. */
  readonly inputRateHz?: number | undefined;
  /** Recording by recording, in order within each. */
  readonly heldOut: readonly HeldOutWindow[];
  /**
   * Windows of recordings that are in every training set: what they draw belongs to the reference and to the limits of
   * drift, what the model says of them is no score.
   */
  readonly seen?: readonly HeldOutWindow[] | undefined;
  /** The same windows, or every n-th of them, disturbed and judged again: without them accuracy is not estimated. */
  readonly disturbed?: readonly Omit<AccuracySet, 'weight'>[];
  readonly selfTest: ModelCard['selfTest'];
  /** What the scaling was chosen by. */
  readonly scaling?: ModelCard['heldOut']['scaling'];
}

const cardFile = 'card.json';
/** Stable driving that drift limits are set on: half a day. */
const LIMIT_DRIVE_S = 12 * 3600;

/** What windows that the model had not seen look like, and what counts as unknown among them. */
export function describeWindows(
  inputs: Pick<CardInputs, 'decision' | 'featureNames' | 'inputRateHz' | 'heldOut' | 'seen' | 'disturbed'> & {
    readonly about: Pick<ModelCard, 'labels' | 'channels' | 'rateHz' | 'steps' | 'stride'>;
  },
): Pick<ModelCard, 'reference' | 'decision'> {
  const { heldOut, about, featureNames } = inputs;
  const driven = [...heldOut, ...(inputs.seen ?? [])];
  const perDriven = countBy(driven);
  const reference = buildReference(
    featureNames,
    driven.map((w) => ({
      features: w.features,
      predicted: about.labels[top(w.probabilities)],
      confidence: Math.max(...w.probabilities),
      weight: 1 / perDriven.get(w.recording)!,
      data: w.data,
    })),
  );
  if (inputs.inputRateHz !== undefined) reference.rateHz = inputs.inputRateHz;
  const drives = drivesFrom(driven, about);
  if (drives.length > 0)
    reference.surfaces = surfaceLevels(drives, { ...about, channels: about.channels.length });
  const distance = new FeatureDistance(reference, featureNames);
  const known = heldOut.map((w) => ({
    entropyNats: entropy(w.probabilities),
    distance: distance.of(w.features),
  }));
  const decision: ModelCard['decision'] = {
    ...inputs.decision,
    ...unknownThresholds(known, inputs.decision.falseRejectRate, ['entropy', 'distance']),
  };
  setLimits(reference, featureNames, { labels: about.labels, ...decision }, driven, {
    overlap: overlapOf(about),
    windows: Math.round((LIMIT_DRIVE_S * about.rateHz) / about.stride),
  });
  if (inputs.disturbed) {
    const { disturbed } = inputs;
    const sets = [{ gain: 1, windows: heldOut }, ...disturbed].map((set, i) => ({
      ...set,
      // As they are counts as much as all that was done to them.
      weight: i === 0 ? disturbed.length : heldOut.length / set.windows.length,
    }));
    reference.accuracy = fitAccuracy(reference, featureNames, about.labels, sets);
  }
  return { reference, decision };
}

/** Writes `card.json` into a model folder whose other files are complete; returns the card. */
export function writeCard(folder: string, inputs: CardInputs): ModelCard {
  const { heldOut, method, about } = inputs;
  const { reference, decision } = describeWindows(inputs);
  const card: ModelCard = {
    schemaVersion: 1,
    ...about,
    decision,
    reference,
    heldOut: {
      method,
      ...score(about.labels, decision, heldOut, countBy(heldOut).size),
      ...(inputs.scaling && { scaling: inputs.scaling }),
    },
    selfTest: inputs.selfTest,
    files: hashFiles(folder),
  };
  return saveCard(folder, card);
}

/** Raw and smoothed scores, with the very decision stage that runs on the robot. */
function score(
  labels: readonly string[],
  options: ModelCard['decision'],
  windows: readonly HeldOutWindow[],
  recordings: number,
): Pick<ModelCard['heldOut'], 'raw' | 'smoothed'> {
  const raw = new MetricsAccumulator(labels);
  const smoothed = new MetricsAccumulator(labels);
  let decision = new Decision({ labels, ...options });
  let recording = '';
  for (const window of windows) {
    if (window.recording !== recording) decision = new Decision({ labels, ...options });
    recording = window.recording;
    raw.add(window.truth, window.probabilities);
    smoothed.add(window.truth, decision.push(window.probabilities, window.afterGap).smoothedProbabilities);
  }
  return { raw: forCard(raw.result(), recordings), smoothed: forCard(smoothed.result(), recordings) };
}

function countBy(windows: readonly HeldOutWindow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { recording } of windows) counts.set(recording, (counts.get(recording) ?? 0) + 1);
  return counts;
}

function top(probabilities: Float32Array): number {
  return probabilities.indexOf(Math.max(...probabilities));
}

/** SHA-256 of every file of a model folder but the card. */
export function hashFiles(folder: string): Record<string, string> {
  const names = readdirSync(folder)
    .filter((name) => name !== cardFile)
    .sort();
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries(names.map((name) => [name, hash(name)]));
}
