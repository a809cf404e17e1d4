import type { Reference, Statistic } from './reference.ts';
import type { Movement } from './state.ts';

/** A number that is followed from window to window. */
export interface Stream {
  readonly name: string;
  readonly kind: Movement['kind'];
  /** Which feature it is; -1 for the confidence, -2 for the distance. */
  readonly feature: number;
}

const confidence = -1;
const distance = -2;
/** What is followed of each channel and pair; the rest of the features serves the distance. */
const followed = ['mean', 'std', 'change', 'centroid', 'correlation', 'asymmetry'];
/** Further out, one window does not count more: it is one window. */
const clip = 4;

/** The streams of a model: level, spread, change, spectrum and how channels go together, confidence, distance. */
export function streamsOf(featureNames: readonly string[], reference: Reference): Stream[] {
  const inputs = featureNames
    .map((name, feature) => ({ name, kind: 'input' as const, feature }))
    .filter(({ name }) => followed.some((f) => name.endsWith(`.${f}`)) && name in reference.inputs);
  const all: Stream[] = [...inputs, { name: 'confidence', kind: 'confidence', feature: confidence }];
  if (reference.distance) all.push({ name: 'distance', kind: 'unknown', feature: distance });
  return all;
}

/** One window's value of a stream. */
export function streamValue(stream: Stream, features: ArrayLike<number>, sure: number, far: number): number {
  if (stream.feature === confidence) return sure;
  if (stream.feature === distance) return far;
  return features[stream.feature];
}

/** What the reference expects of a stream while this label is driven on. */
export function expectedOf(stream: Stream, reference: Reference, label: string): Statistic {
  if (stream.feature === distance) return reference.distance!;
  if (stream.feature === confidence) return reference.confidenceByLabel[label] ?? reference.confidence;
  return reference.inputsByLabel[label]?.[stream.name] ?? reference.inputs[stream.name];
}

/** Standardised and clipped: how many of its standard deviations a value is from the reference's mean. */
export function standardise(value: number, { mean, std }: Statistic): number {
  const z = (value - mean) / (std + 1e-3 * Math.abs(mean) + 1e-9);
  return Math.max(-clip, Math.min(clip, z));
}
