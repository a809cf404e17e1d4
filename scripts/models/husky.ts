import { join } from 'node:path';
import { packageRoot } from '../../agent/package-root.ts';
import { hashDataset } from '../../agent/session/dataset.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { type FeatureRecipe, featureRecipe, trainFeatureLstm } from '../../agent/train/feature-recipe.ts';
import { packageModel } from '../../agent/train/package-model.ts';
import { groupedFolds } from '../../agent/train/split.ts';
import { predict } from '../../agent/train/step.ts';
import type { tfl } from '../../agent/train/tensorflow.ts';
import { codeVersion } from './code-version.ts';
import {
  ANCHORS,
  huskyRecordings,
  JUDGING_STRIDE,
  LABELS,
  RATE_HZ,
  STEPS,
  splittable,
  TRAINING_STRIDE,
  trainingWindows,
  windowsAt,
} from './husky-data.ts';

const FOLDS = 5;
const SEED = 7;

/** Predictions for windows whose recordings were held out, in the order of the recordings. */
interface OutOfFold {
  readonly x: Float32Array;
  readonly truth: number[];
  readonly recordings: string[];
  readonly output: Float32Array;
  /** The same with all currents multiplied, by factor. */
  readonly scaled: ReadonlyMap<number, Float32Array>;
  /** Judges some of these windows again, disturbed, each by the model that had not seen its recording. */
  judge(x: Float32Array, windows: readonly number[]): Float32Array;
  /** Windows of the recordings that are in every training set, judged by the first model. */
  readonly seen: Pick<OutOfFold, 'x' | 'truth' | 'recordings' | 'output'>;
}

/** Trains on all folds but one at a time, and judges the windows of that one. */
export async function crossValidate(
  recordings: readonly Recording[],
  channels: readonly string[],
  recipe: FeatureRecipe,
  repetition: number,
  gains: readonly number[] = [],
): Promise<OutOfFold> {
  const folds = groupedFolds(splittable(recordings), FOLDS, repetition, ANCHORS);
  const judged = windowsAt(recordings, channels, JUDGING_STRIDE);
  const outputs = new Map([1, ...gains].map((gain) => [gain, new Float32Array(judged.n * LABELS.length)]));
  const models: tfl.LayersModel[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const data = trainingWindows(
      recordings.filter((r) => folds.get(r.id) !== fold),
      channels,
    );
    const { whole } = await trainFeatureLstm(data, recipe, 100 * repetition + fold);
    models.push(whole);
    const own = [...judged.recordingIds.keys()].filter((i) => folds.get(judged.recordingIds[i]) === fold);
    const x = pick(judged.x, own, STEPS * channels.length);
    for (const [gain, output] of outputs) {
      const p = predict(
        whole,
        x.map((v) => v * gain),
      );
      own.forEach((i, k) => {
        output.set(p.subarray(k * LABELS.length, (k + 1) * LABELS.length), i * LABELS.length);
      });
    }
    console.log(`repetition ${repetition}, fold ${fold}: ${own.length} windows judged`);
  }
  const kept = [...judged.recordingIds.keys()].filter((i) => folds.get(judged.recordingIds[i]) !== undefined);
  const size = STEPS * channels.length;
  const always = [...judged.recordingIds.keys()].filter(
    (i) => folds.get(judged.recordingIds[i]) === undefined,
  );
  const alwaysX = pick(judged.x, always, size);
  return {
    seen: {
      x: alwaysX,
      truth: always.map((i) => judged.y[i]),
      recordings: always.map((i) => judged.recordingIds[i]),
      output: predict(models[0], alwaysX),
    },
    judge(x, windows) {
      const output = new Float32Array(windows.length * LABELS.length);
      models.forEach((model, fold) => {
        const own = [...windows.keys()].filter(
          (k) => folds.get(judged.recordingIds[kept[windows[k]]]) === fold,
        );
        const p = predict(model, pick(x, own, size));
        own.forEach((k, i) => {
          output.set(p.subarray(i * LABELS.length, (i + 1) * LABELS.length), k * LABELS.length);
        });
      });
      return output;
    },
    x: pick(judged.x, kept, STEPS * channels.length),
    truth: kept.map((i) => judged.y[i]),
    recordings: kept.map((i) => judged.recordingIds[i]),
    output: pick(outputs.get(1) as Float32Array, kept, LABELS.length),
    scaled: new Map(
      gains.map((gain) => [gain, pick(outputs.get(gain) as Float32Array, kept, LABELS.length)]),
    ),
  };
}

/** Two channels need no convolution: their statistics already say how the motors go together. */
export function recipeFor(channels: readonly string[]): FeatureRecipe {
  return channels.length === 1 ? featureRecipe : { ...featureRecipe, members: ['chunk', 'chunk'] };
}

/** Cross-validates, trains on everything, and writes the model with the cross-validation's scores on its card. */
export async function makeHusky(channels: readonly string[]): Promise<void> {
  const name = `husky-a200-${channels.length}ch`;
  const recipe = recipeFor(channels);
  const recordings = huskyRecordings();
  const heldOut = await crossValidate(recordings, channels, recipe, 0);
  const data = trainingWindows(recordings, channels);
  const { whole } = await trainFeatureLstm(data, recipe, SEED);
  const { members, trainingSteps, batchSize, additive } = recipe;
  const card = await packageModel({
    folder: join(packageRoot, 'models', name),
    model: whole,
    about: {
      name,
      version: '2.1.0',
      description: `Clearpath Husky A200, ${channels.join(' and ')}, on five surfaces: ${members.length} bidirectional LSTMs and an additive part over fixed features`,
      created: new Date().toISOString().slice(0, 10),
      simulated: false,
      labels: [...LABELS],
      rateHz: RATE_HZ,
      steps: STEPS,
      stride: JUDGING_STRIDE,
      channels: channels.map((channel) => ({ name: channel, unit: 'A' })),
      normalisation: { kind: 'none' },
      output: 'probabilities',
      training: {
        data: 'BorealTC (LaRocque et al., IROS 2024, CC0), the part in ../shared/data/borealtc',
        dataSha256: hashDataset(windowsAt(recordings, channels, TRAINING_STRIDE)),
        recordings: recordings.length,
        windows: data.recordings.length,
        split: `by recording, ${FOLDS} folds, stratified; trained on all for the files here`,
        seed: SEED,
        epochs: Math.ceil((trainingSteps * batchSize) / data.recordings.length),
        optimiser: `adam(lr=${recipe.learningRate}, beta2=0.99, weightDecay=${recipe.weightDecay}, clipNorm=1), ${trainingSteps} steps a member; the additive part lr=${additive.learningRate}, weightDecay=0, ${additive.trainingSteps} steps of ${additive.batchSize}`,
        batchSize,
        parameters: whole.countParams(),
        codeVersion: codeVersion(),
        script: `npx tsx scripts/make-models.ts ${name}`,
      },
    },
    falseRejectRate: 0.02,
    inputRateHz: RATE_HZ,
    heldOut,
    method:
      `grouped cross-validation over recordings, ${FOLDS} folds: every window was judged by a model of the same recipe ` +
      `that had not seen its recording. ${[...ANCHORS].join(' and ')} are in every training set and not judged. ` +
      `The scaling comes from the same predictions.`,
  });
  const { raw, smoothed } = card.heldOut;
  console.log(
    `${name}: balanced accuracy ${raw.balancedAccuracy.toFixed(3)}, smoothed ${smoothed.balancedAccuracy.toFixed(3)}, ECE ${raw.ece.toFixed(3)}`,
  );
}

function pick(values: Float32Array, indices: readonly number[], size: number): Float32Array {
  const out = new Float32Array(indices.length * size);
  indices.forEach((i, k) => {
    out.set(values.subarray(i * size, (i + 1) * size), k * size);
  });
  return out;
}
