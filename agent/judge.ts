import type { Decision, Verdict } from './decision/decision.ts';
import type { FeatureDistance } from './drift/distance.ts';
import type { FeatureExtractor } from './drift/features.ts';
import type { DriftMonitor } from './drift/monitor.ts';
import type { GainTracker, TrackedGain } from './drift/recover/gain-tracker.ts';
import type { DriftState } from './drift/state.ts';
import type { ModelCard } from './model/card.ts';
import type { Classifier } from './model/classifier.ts';
import type { Window } from './signal/sample.ts';

/** All that is said of one window. */
export interface Prediction {
  /** Card of the model that said it. */
  readonly card: ModelCard;
  readonly window: Window;
  /** One a label of the card, after scaling, this window alone. */
  readonly probabilities: Float32Array;
  /** Input statistics of the window, one a name of the extractor. */
  readonly features: Float64Array;
  readonly verdict: Verdict;
  readonly drift: DriftState;
  /** What the current was divided by before the model saw it; undefined without gain tracking. */
  readonly gain?: TrackedGain | undefined;
}

/** The judging parts of a pipeline; they belong to one model and one stream of windows. */
export interface JudgeParts {
  readonly card: ModelCard;
  readonly classifier: Classifier;
  readonly features: FeatureExtractor;
  /** Distance of a window to what the model knows, for `unknown`. */
  readonly distance: FeatureDistance;
  readonly decision: Decision;
  readonly drift: DriftMonitor;
  /** Takes a changed gain out of the windows; undefined where that is not wanted. */
  readonly gain?: GainTracker | undefined;
}

/** Window -> [gain] -> prediction: classifier, input statistics -> decision -> drift. `rateHz`: at which its samples came in. */
export async function judge(parts: JudgeParts, window: Window, rateHz: number): Promise<Prediction> {
  const data = parts.gain ? parts.gain.correct(window.data, rateHz) : window.data;
  const gain = parts.gain?.state;
  const probabilities = await parts.classifier.classify(data);
  const features = parts.features.extract(data, new Float64Array(parts.features.names.length));
  const verdict = parts.decision.push(probabilities, window.afterGap, parts.distance.of(features));
  const drift = parts.drift.push({ timeUs: window.endUs, features, data, verdict, rateHz });
  return { card: parts.card, window, probabilities, features, verdict, drift, gain };
}
