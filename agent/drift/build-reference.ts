import { FeatureDistance } from './distance.ts';
import { fitGain, GainEstimator } from './gain.ts';
import { quantileLevels, type Reference, type Statistic } from './reference.ts';
import { type Resolution, resolutionOf } from './resolution.ts';

/** One window that the model judged without having been trained on it. */
export interface ReferenceWindow {
  /** One number a feature name. */
  readonly features: ArrayLike<number>;
  /** Most likely label and its probability. */
  readonly predicted: string;
  readonly confidence: number;
  /** 1 / windows of its recording, so that one long recording is not all; default: every window counts the same. */
  readonly weight?: number;
  /** The window itself (steps x channels): needed for the lattice of the sensor. */
  readonly data?: ArrayLike<number>;
}

/** Builds a card's reference from out-of-fold windows. Throws a RangeError where there are none. */
export function buildReference(
  featureNames: readonly string[],
  windows: readonly ReferenceWindow[],
): Reference {
  if (windows.length === 0) throw new RangeError('no windows to make a reference from');
  const inputs = (of: readonly ReferenceWindow[]) =>
    Object.fromEntries(featureNames.map((name, f) => [name, describe(of, (w) => w.features[f])]));
  const labels = [...new Set(windows.map((w) => w.predicted))].sort();
  const byLabel = new Map(labels.map((label) => [label, windows.filter((w) => w.predicted === label)]));
  const reference: Reference = {
    confidence: describe(windows, (w) => w.confidence),
    confidenceByLabel: Object.fromEntries(
      labels.map((label) => [label, describe(byLabel.get(label)!, (w) => w.confidence)]),
    ),
    inputs: inputs(windows),
    inputsByLabel: Object.fromEntries(labels.map((label) => [label, inputs(byLabel.get(label)!)])),
  };
  if (windows.every((w) => w.weight !== undefined)) {
    const recordings = (of: readonly ReferenceWindow[]) => of.reduce((sum, w) => sum + w.weight!, 0);
    reference.recordingsByLabel = Object.fromEntries(
      labels.map((label) => [label, Number(recordings(byLabel.get(label)!).toPrecision(3))]),
    );
  }
  const distance = new FeatureDistance(reference, featureNames);
  reference.distance = describe(windows, (w) => distance.of(w.features));
  const gainModel = fitGain(featureNames, windows);
  if (gainModel) {
    const estimator = new GainEstimator(gainModel, featureNames);
    reference.gainModel = gainModel;
    reference.gain = describe(windows, (w) => estimator.of(w.features));
  }
  const resolution = resolutions(featureNames, windows);
  if (Object.keys(resolution).length > 0) reference.resolution = resolution;
  return reference;
}

function resolutions(
  featureNames: readonly string[],
  windows: readonly ReferenceWindow[],
): Record<string, Resolution> {
  const channels = featureNames.filter((n) => n.endsWith('.stuck')).map((n) => n.slice(0, -'.stuck'.length));
  const data = windows.flatMap((w) => (w.data ? [w.data] : []));
  const found = channels.map((c, i) => [c, resolutionOf(data, i, channels.length)] as const);
  return Object.fromEntries(found.filter((pair): pair is [string, Resolution] => pair[1] !== undefined));
}

function describe(windows: readonly ReferenceWindow[], value: (w: ReferenceWindow) => number): Statistic {
  const sorted = windows.map((w) => [value(w), w.weight ?? 1]).sort((a, b) => a[0] - b[0]);
  const total = sorted.reduce((sum, [, w]) => sum + w, 0);
  const mean = sorted.reduce((sum, [x, w]) => sum + x * w, 0) / total;
  const variance = sorted.reduce((sum, [x, w]) => sum + w * (x - mean) ** 2, 0) / total;
  return { mean, std: Math.sqrt(variance), quantiles: weightedQuantiles(sorted, total) };
}

/** Interpolates between the centres of the weights; with equal weights it is the Hazen rule. */
function weightedQuantiles(sorted: number[][], total: number): number[] {
  let below = 0;
  const centres = sorted.map(([, w]) => {
    const centre = (below + w / 2) / total;
    below += w;
    return centre;
  });
  return quantileLevels.map((q) => {
    const high = centres.findIndex((c) => c >= q);
    if (high === 0) return sorted[0][0];
    if (high < 0) return sorted[sorted.length - 1][0];
    const share = (q - centres[high - 1]) / (centres[high] - centres[high - 1]);
    return sorted[high - 1][0] + share * (sorted[high][0] - sorted[high - 1][0]);
  });
}
