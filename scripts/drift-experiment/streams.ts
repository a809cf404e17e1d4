import { FeatureExtractor } from '../../agent/drift/features.ts';
import type { ModelCard } from '../../agent/model/card.ts';
import { probabilitiesOf } from '../../agent/model/output.ts';
import { windowsOf } from '../../agent/session/dataset.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { JUDGING_STRIDE, LABELS, RATE_HZ, STEPS } from '../models/husky-data.ts';
import { type Condition, undisturbed } from './conditions.ts';
import { type FoldModel, huskyFolds } from './fold-models.ts';

/** A window as the drift monitor sees it, judged by a model that had not seen its recording. */
export interface JudgedWindow {
  readonly recording: string;
  readonly truth: number;
  readonly afterGap: boolean;
  readonly data: Float32Array;
  readonly features: Float64Array;
  /** After the card's scaling. */
  readonly probabilities: Float32Array;
  /** At which the readings come. */
  readonly rateHz: number;
  readonly fold: number;
}

/** All judged recordings under one condition, in order. */
export async function judgedWindows(
  recordings: readonly Recording[],
  card: ModelCard,
  models: readonly FoldModel[],
  condition: Condition = undisturbed,
): Promise<JudgedWindow[]> {
  const folds = huskyFolds(recordings);
  const channels = card.channels.map((c) => c.name);
  const extractor = new FeatureExtractor(channels, STEPS);
  const windows: Omit<JudgedWindow, 'probabilities'>[] = [];
  const timeScale = condition.timeScale ?? 1;
  for (const recording of recordings) {
    const fold = folds.get(recording.id);
    if (fold === undefined) continue;
    const own = timeScale === 1 ? recording : stretched(recording, timeScale);
    for (const window of windowsOf(own, {
      channels: card.channels,
      rateHz: RATE_HZ,
      steps: STEPS,
      stride: JUDGING_STRIDE,
    })) {
      const data = new Float32Array(window.data.length);
      condition.apply(window.data, channels.length, windows.length, data);
      windows.push({
        recording: recording.id,
        truth: LABELS.indexOf(window.label as string),
        afterGap: window.afterGap,
        data,
        features: extractor.extract(data, new Float64Array(extractor.names.length)),
        rateHz: RATE_HZ / timeScale,
        fold,
      });
    }
  }
  return judge(windows, card, models);
}

/** Gives every window the probabilities of the model of its fold. */
export async function judge(
  windows: readonly Omit<JudgedWindow, 'probabilities'>[],
  card: ModelCard,
  models: readonly FoldModel[],
): Promise<JudgedWindow[]> {
  const judged = windows.map((w) => ({ ...w, probabilities: new Float32Array(LABELS.length) }));
  for (const [fold, model] of models.entries()) {
    const own = judged.filter((w) => w.fold === fold);
    const size = own[0]?.data.length ?? 0;
    const x = new Float32Array(own.length * size);
    own.forEach((w, i) => {
      x.set(w.data, i * size);
    });
    const p = await model.predict(x);
    own.forEach((w, i) => {
      w.probabilities.set(probabilitiesOf(card, p.subarray(i * LABELS.length, (i + 1) * LABELS.length)));
    });
  }
  return judged;
}

function stretched(recording: Recording, by: number): Recording {
  const timeUs = recording.timeUs.map((t) => t * by);
  return { ...recording, timeUs, ticks: timeUs };
}
