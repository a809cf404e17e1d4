import type { Prediction } from '../judge.ts';
import type { PredictionMessage } from './topics.ts';

/**
 * A prediction as it is recorded: every number as it was computed, so that a replay can be compared to the last bit.
 * Times are on the samples' own time line, in microseconds.
 */
export function predictionMessage({
  card,
  window,
  probabilities,
  verdict,
  drift,
  gain,
}: Prediction): PredictionMessage {
  const { labels, name, version, channels } = card;
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
    model: `${name}@${version}`,
    ...(gain && { gain: Object.fromEntries(channels.map((channel, c) => [channel.name, gain.gain[c]])) }),
  };
}
