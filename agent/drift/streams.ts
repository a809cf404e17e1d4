import type { Reference, Statistic } from './reference.ts';
import type { Movement } from './state.ts';

/** A number that is followed from window to window. */
export interface Stream {
  readonly name: string;
  readonly kind: Movement['kind'];
  /** Which feature it is; -1 for the confidence, -2 for the distance, -3 for the gain. */
  readonly feature: number;
}

const confidence = -1;
const distance = -2;
const gain = -3;
/** What is followed of each channel and pair; the rest of the features serves the distance. */
const followed = ['mean', 'std', 'change', 'centroid', 'correlation', 'asymmetry'];
/** Further out, one window does not count more: it is one window. */
const clip = 4;

/** The streams of a model: level, spread, change, spectrum and how channels go together, confidence, distance, gain. */
export function streamsOf(featureNames: readonly string[], reference: Reference): Stream[] {
  const inputs = featureNames
    .map((name, feature) => ({ name, kind: 'input' as const, feature }))
    .filter(({ name }) => followed.some((f) => name.endsWith(`.${f}`)) && name in reference.inputs);
  const all: Stream[] = [...inputs, { name: 'confidence', kind: 'confidence', feature: confidence }];
  if (reference.distance) all.push({ name: 'distance', kind: 'unknown', feature: distance });
  // The guess depends on the surface; without limits nobody knows by how much.
  if (reference.gain && reference.limits) all.push({ name: 'gain', kind: 'input', feature: gain });
  return all;
}

/** What is followed of a window besides its features. */
export interface Judged {
  readonly confidence: number;
  readonly distance: number;
  /** NaN where the reference has no guess of it. */
  readonly gain: number;
}

/** One window's value of a stream. */
export function streamValue(stream: Stream, features: ArrayLike<number>, judged: Judged): number {
  if (stream.feature === confidence) return judged.confidence;
  if (stream.feature === distance) return judged.distance;
  if (stream.feature === gain) return judged.gain;
  return features[stream.feature];
}

/** What the reference expects of a stream while this label is driven on. */
export function expectedOf(stream: Stream, reference: Reference, label: string): Expected {
  if (stream.feature === distance) return reference.distance!;
  if (stream.feature === gain) return reference.gain!;
  if (stream.feature === confidence)
    return widened(reference.confidenceByLabel[label], reference.confidence, 1);
  const share = borrowed * Math.min(1, manyRecordings / (reference.recordingsByLabel?.[label] ?? 1));
  return widened(reference.inputsByLabel[label]?.[stream.name], reference.inputs[stream.name], share);
}

/** Share of the variance of all windows that every label's is given, */
const borrowed = 0.25;
/** or less, where a label was seen on more recordings than this. */
const manyRecordings = 20;

/** A label that was seen on few recordings looks narrower than it is: it borrows from the spread of all. */
function widened(own: Statistic | undefined, all: Statistic, share: number): Expected {
  if (own === undefined) return all;
  return { mean: own.mean, std: Math.sqrt(own.std ** 2 + share * all.std ** 2) };
}

export type Expected = Pick<Statistic, 'mean' | 'std'>;

/** Standardised and clipped: how many of its standard deviations a value is from the reference's mean. */
export function standardise(value: number, { mean, std }: Expected): number {
  const z = (value - mean) / (std + 1e-3 * Math.abs(mean) + 1e-9);
  return Math.max(-clip, Math.min(clip, z));
}
