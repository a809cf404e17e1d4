import { play, recordingPipeline } from './evaluate.ts';
import type { LoadedModel } from './model/load.ts';
import { predictionMessage } from './session/prediction-message.ts';
import type { Recording } from './session/recording.ts';
import type { LoadedSession } from './session/session-recording.ts';
import type { PredictionMessage } from './session/topics.ts';

/** What a replay with the recorded model gave, window by window, beside what was recorded. */
export interface Reproduction {
  /** Predictions in the session that this model made. */
  readonly recorded: number;
  /** Recorded ones that the replay made too, every number the same to the last bit. */
  readonly identical: number;
  /** Recorded ones whose window the replay made, with another number. */
  readonly different: readonly { recorded: PredictionMessage; replayed: PredictionMessage }[];
  /** Recorded ones whose window the replay did not make. */
  readonly missing: readonly PredictionMessage[];
  /** Windows of the replay that were not recorded: dropped live, or finished after the recording ended. */
  readonly extra: number;
}

/** Keys of a prediction that follow from the samples and the model alone; drift also depends on what was before. */
const COMPARED = [
  'endUs',
  'label',
  'confidence',
  'probabilities',
  'smoothedLabel',
  'smoothedConfidence',
  'smoothedProbabilities',
  'unknown',
  'surface',
];

/** Predictions of `model` for a session, made as the live agent would have: labels do not cut its windows. */
export async function replaySession(
  session: LoadedSession,
  model: LoadedModel,
): Promise<PredictionMessage[]> {
  const { recording } = session;
  const whole: Recording = { ...recording, spans: [{ label: undefined, from: 0, to: recording.rows }] };
  const predictions: PredictionMessage[] = [];
  await play(recordingPipeline(model, whole), whole, ({ prediction }) => {
    predictions.push(predictionMessage(prediction));
  });
  return predictions;
}

/** Compares a replay with what was recorded. Predictions of other models in the session are passed over. */
export function reproduce(session: LoadedSession, replayed: readonly PredictionMessage[]): Reproduction {
  const byStart = new Map(replayed.map((p) => [p.startUs, p]));
  const model = replayed[0]?.model;
  const recorded = session.predictions.filter((p) => p.model === model);
  const different: Reproduction['different'][number][] = [];
  const missing: PredictionMessage[] = [];
  for (const prediction of recorded) {
    const twin = byStart.get(prediction.startUs);
    if (twin === undefined) missing.push(prediction);
    else if (key(prediction) !== key(twin)) different.push({ recorded: prediction, replayed: twin });
  }
  const identical = recorded.length - different.length - missing.length;
  const extra = replayed.length - identical - different.length;
  return { recorded: recorded.length, identical, different, missing, extra };
}

function key(prediction: PredictionMessage): string {
  return JSON.stringify(COMPARED.map((name) => prediction[name]));
}
