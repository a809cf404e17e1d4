import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from '../../agent/model/onnx-native.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { trainFeatureLstm } from '../../agent/train/feature-recipe.ts';
import { exportOnnx } from '../../agent/train/onnx/export.ts';
import { groupedFolds } from '../../agent/train/split.ts';
import { recipeFor } from '../models/husky.ts';
import { ANCHORS, LABELS, STEPS, splittable, trainingWindows } from '../models/husky-data.ts';

export const FOLDS = 5;

/** A model that was trained on some of the recordings. */
export interface FoldModel {
  /** Labels that it knows, of LABELS; it gives one probability for each of LABELS, 0 for others. */
  readonly knows: readonly string[];
  /** Windows [count, steps, channels] -> probabilities [count, LABELS], before any scaling. */
  predict(x: Float32Array): Promise<Float32Array>;
}

/** The fold of each recording as the shipped models' cards have it; undefined for those that are never judged. */
export function huskyFolds(recordings: readonly Recording[]): Map<string, number | undefined> {
  return groupedFolds(splittable(recordings), FOLDS, 0, ANCHORS);
}

/**
 * Trains the shipped recipe on everything but one fold (and without the label `without`, where given), with the seed of
 * the card's own cross-validation. Takes a minute; a model that lies in `cache` is taken from there.
 */
export async function foldModel(
  recordings: readonly Recording[],
  channels: readonly string[],
  fold: number,
  cache: string,
  without?: string,
): Promise<FoldModel> {
  const name = `${channels.join('-')}-fold${fold}${without ? `-without-${without}` : ''}`;
  const file = join(cache, `${name}.onnx`);
  if (!existsSync(file)) {
    const folds = huskyFolds(recordings);
    const seen = recordings.filter((r) => folds.get(r.id) !== fold && !r.id.startsWith(`${without}/`));
    const { whole } = await trainFeatureLstm(trainingWindows(seen, channels), recipeFor(channels), fold);
    mkdirSync(cache, { recursive: true });
    writeFileSync(`${file}.part`, exportOnnx(whole));
    renameSync(`${file}.part`, file);
    console.error(`trained ${name}`);
  }
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const size = STEPS * channels.length;
  return {
    knows: LABELS.filter((label) => label !== without),
    async predict(x) {
      const out = new Float32Array((x.length / size) * LABELS.length);
      for (let at = 0; at < x.length; at += size * 256) {
        const part = x.slice(at, at + size * 256);
        const shape = [part.length / size, STEPS, channels.length];
        const { [session.outputNames[0]]: y } = await session.run({
          [session.inputNames[0]]: new Tensor('float32', part, shape),
        });
        out.set(y.data as Float32Array, (at / size) * LABELS.length);
      }
      return out;
    },
  };
}
