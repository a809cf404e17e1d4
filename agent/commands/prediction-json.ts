import type { Prediction } from '../judge.ts';

/** A prediction as plain JSON: times on the samples' own time line, in microseconds. */
export function predictionJson(
  { window, probabilities, verdict, drift }: Prediction,
  labels: readonly string[],
): object {
  const byLabel = (p: Float32Array) => Object.fromEntries(labels.map((label, i) => [label, p[i]]));
  return {
    windowIndex: window.index,
    startUs: window.startUs,
    endUs: window.endUs,
    label: verdict.label,
    confidence: verdict.confidence,
    probabilities: byLabel(probabilities),
    smoothedLabel: verdict.smoothedLabel,
    smoothedConfidence: verdict.smoothedConfidence,
    smoothedProbabilities: byLabel(verdict.smoothedProbabilities),
    unknown: verdict.unknown,
    surface: verdict.surface,
    drift: drift.state,
  };
}
