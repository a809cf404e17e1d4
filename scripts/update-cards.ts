/**
 * Makes the parts of the shipped models' cards that say when not to believe them (reference, limits, thresholds, estimated
 * accuracy, comparison of scalings) anew, without training the models again: `npx tsx scripts/update-cards.ts [NAME...] [--cache
 * DIR]`. The husky's come from models of the same recipe and seeds that had not seen the recordings; those are trained, or taken
 * from the cache, and must give the very scores and the scaling that are on the card.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { FeatureExtractor } from '../agent/drift/features.ts';
import { writeCard } from '../agent/model/build-card.ts';
import { loadCard } from '../agent/model/card-file.ts';
import { loadOnnx } from '../agent/model/onnx.ts';
import { packageRoot } from '../agent/package-root.ts';
import { datasetOf } from '../agent/session/dataset.ts';
import { fitScaling } from '../agent/train/fit-scaling.ts';
import { disturbedSets, type HeldOut, heldOutWindows } from '../agent/train/package-model.ts';
import { FOLDS, type FoldModel, foldModel, huskyFolds } from './drift-experiment/fold-models.ts';
import { heldOutDrives } from './models/demo.ts';
import { huskyRecordings, JUDGING_STRIDE, LABELS, RATE_HZ, windowsAt } from './models/husky-data.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cache: { type: 'string', default: join(tmpdir(), 'underfoot-fold-models') } },
});
/** `judge` is given, so the network is not needed. */
const neverAsked = { predict: () => new Float32Array() };
const all = ['demo-six-surfaces', 'husky-a200-1ch', 'husky-a200-2ch'];
for (const name of positionals.length > 0 ? positionals : all) await update(name);

async function update(name: string): Promise<void> {
  const folder = join(packageRoot, 'models', name);
  const card = loadCard(folder);
  const channels = card.channels.map((c) => c.name);
  const heldOut = name.startsWith('husky') ? await husky(channels) : await demo(folder);
  const windows = heldOutWindows({ about: card, heldOut });
  const { stay, evidence, transitions, falseRejectRate } = card.decision;
  const { compared, ...scaling } = fitScaling({ labels: card.labels, kind: card.output, ...heldOut });
  const moved = Math.abs(scaling.temperature - card.temperature) > 1e-3;
  if (moved || !isDeepStrictEqual(scaling.vectorScaling, card.vectorScaling))
    throw new Error(`${name}: the scaling would be ${JSON.stringify(scaling)}: make the model anew`);
  const updated = writeCard(folder, {
    about: aboutOf(card),
    decision: { stay, evidence, transitions, falseRejectRate },
    method: card.heldOut.method,
    featureNames: new FeatureExtractor(channels, card.steps).names,
    inputRateHz: name.startsWith('husky') ? RATE_HZ : undefined,
    heldOut: windows,
    seen: heldOut.seen && heldOutWindows({ about: card, heldOut: heldOut.seen }),
    disturbed: await disturbedSets({ about: card, heldOut }, neverAsked, windows),
    selfTest: card.selfTest,
    scaling: compared,
  });
  const [was, is] = [card.heldOut.raw, updated.heldOut.raw].map((m) => m.balancedAccuracy);
  if (Math.abs(was - is) > 2e-3)
    throw new Error(`${name}: balanced accuracy ${is}, the card said ${was}: these are other models`);
  console.log(`${name}: balanced accuracy ${is.toFixed(4)} (${was.toFixed(4)} before), card updated`);
}

function aboutOf(card: ReturnType<typeof loadCard>): Parameters<typeof writeCard>[1]['about'] {
  const {
    schemaVersion: _,
    decision: _d,
    reference: _r,
    heldOut: _h,
    selfTest: _s,
    files: _f,
    ...about
  } = card;
  return about;
}

async function husky(channels: readonly string[]): Promise<HeldOut> {
  const recordings = huskyRecordings();
  const folds = huskyFolds(recordings);
  const data = windowsAt(recordings, channels, JUDGING_STRIDE);
  const size = data.steps * data.channels;
  const kept = [...data.recordingIds.keys()].filter((i) => folds.get(data.recordingIds[i]) !== undefined);
  const models: FoldModel[] = [];
  for (let fold = 0; fold < FOLDS; fold++)
    models.push(await foldModel(recordings, channels, fold, values.cache));
  const judge = async (x: Float32Array, windows: readonly number[]): Promise<Float32Array> => {
    const output = new Float32Array(windows.length * LABELS.length);
    for (const [fold, model] of models.entries()) {
      const own = [...windows.keys()].filter((k) => folds.get(data.recordingIds[kept[windows[k]]]) === fold);
      const p = await model.predict(rows(x, own, size));
      own.forEach((k, i) => {
        output.set(p.subarray(i * LABELS.length, (i + 1) * LABELS.length), k * LABELS.length);
      });
    }
    return output;
  };
  const x = rows(data.x, kept, size);
  const always = [...data.recordingIds.keys()].filter((i) => folds.get(data.recordingIds[i]) === undefined);
  const alwaysX = rows(data.x, always, size);
  return {
    seen: {
      x: alwaysX,
      truth: always.map((i) => data.y[i]),
      recordings: always.map((i) => data.recordingIds[i]),
      output: await models[0].predict(alwaysX),
    },
    x,
    truth: kept.map((i) => data.y[i]),
    recordings: kept.map((i) => data.recordingIds[i]),
    output: await judge(x, [...kept.keys()]),
    judge,
  };
}

async function demo(folder: string): Promise<HeldOut> {
  const card = loadCard(folder);
  // The card's parts are made from what the model gives before any scaling.
  const unscaled = { ...card, temperature: 1, vectorScaling: undefined };
  const classifier = await loadOnnx(folder, unscaled);
  const { x, y, recordingIds, steps, channels, labels } = datasetOf(heldOutDrives(), card, card.labels);
  const judge = async (windows: Float32Array): Promise<Float32Array> => {
    const size = steps * channels;
    const output = new Float32Array((windows.length / size) * labels.length);
    for (let i = 0; i * size < windows.length; i++) {
      output.set(await classifier.classify(windows.subarray(i * size, (i + 1) * size)), i * labels.length);
    }
    return output;
  };
  return { x, truth: y, recordings: recordingIds, output: await judge(x), judge };
}

function rows(x: Float32Array, indices: readonly number[], size: number): Float32Array {
  const out = new Float32Array(indices.length * size);
  indices.forEach((i, k) => {
    out.set(x.subarray(i * size, (i + 1) * size), k * size);
  });
  return out;
}
