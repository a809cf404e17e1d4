import { createGainTracker } from './assemble.ts';
import type { GainTracker } from './drift/recover/gain-tracker.ts';
import { DataError } from './errors.ts';
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
  'gain',
];

/**
 * Predictions of `model` for a session, made as the live agent would have: labels do not cut its windows, and where gain
 * tracking was on, the model of the session goes on from what had been learnt; another model begins anew.
 */
export async function replaySession(
  session: LoadedSession,
  model: LoadedModel,
): Promise<PredictionMessage[]> {
  const { recording } = session;
  const whole: Recording = { ...recording, spans: [{ label: undefined, from: 0, to: recording.rows }] };
  const predictions: PredictionMessage[] = [];
  const pipeline = recordingPipeline(model, whole, undefined, gainTracker(session, model));
  await play(pipeline, whole, ({ prediction }) => {
    predictions.push(predictionMessage(prediction));
  });
  return predictions;
}

/** Whether this is the model that made the recorded predictions, file by file. */
export function isModelOf({ model: recorded }: LoadedSession, { card }: LoadedModel): boolean {
  if (recorded === undefined) return false;
  const list = (files: Readonly<Record<string, string>>) => JSON.stringify(Object.entries(files).sort());
  return (
    recorded.name === card.name &&
    recorded.version === card.version &&
    list(recorded.files) === list(card.files)
  );
}

function gainTracker(session: LoadedSession, model: LoadedModel): GainTracker | undefined {
  const { gain, recording } = session;
  if (gain === undefined) return undefined;
  const tracker = createGainTracker(model.card);
  if (!isModelOf(session, model)) return tracker;
  if (!tracker.fits(gain)) {
    throw new DataError({
      file: recording.file,
      key: 'gain',
      found: 'channels or surfaces that are not those of the model',
      expected: `what gain tracking with ${model.card.name}@${model.card.version} learns`,
    });
  }
  tracker.restore(gain);
  return tracker;
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
