import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inWords, UserError } from '../../errors.ts';
import { score } from '../../model/metrics.ts';
import { probabilitiesOf } from '../../model/output.ts';
import { recordingChances, targets } from '../balance.ts';
import type { EpochResult } from '../epoch-result.ts';
import { fit } from '../fit.ts';
import { describeOptimiser } from '../optimiser.ts';
import { type ModelPackage, normalised, packageModel } from '../package-model.ts';
import { predict } from '../step.ts';
import type { tfl } from '../tensorflow.ts';
import { loadRunData, type RunData, rowsOf } from './data.ts';
import { network } from './network.ts';
import type { TrainOptions } from './options.ts';
import { reportPage } from './report.ts';
import type { RunHeader, RunResult } from './run-files.ts';

export interface RunHooks {
  readonly onStart?: (header: RunHeader, epochsDone: number) => void;
  readonly onEpoch?: (result: EpochResult) => void;
  /** Asked after every epoch. */
  readonly stop?: () => boolean;
  readonly codeVersion: string;
}

/** Epochs between checkpoints. */
const CHECKPOINT_EVERY = 10;
const HARDEST = 200;

/** Trains into a folder, or goes on in one: `run.json`, `checkpoint.bin`, then `result.json`, `report.html` and `model/`. */
export async function trainRun(
  folder: string,
  options: TrainOptions,
  hooks: RunHooks,
): Promise<{ header: RunHeader; result: RunResult | undefined }> {
  const data = loadRunData(options);
  const { dataset, training, heldOut } = data;
  const size = dataset.steps * dataset.channels;
  const about = aboutModel(options, data, hooks.codeVersion);
  const x = normalised(about, rowsOf(dataset.x, training, size));
  const y = training.map((i) => dataset.y[i]);
  const model = network({ ...options, channels: dataset.channels, labels: dataset.labels.length }, x);
  const header: RunHeader = {
    options,
    dataSha256: data.sha256,
    labels: dataset.labels,
    parameters: model.countParams(),
    trainingWindows: training.length,
    heldOutWindows: heldOut.length,
    heldOutRecordings: [...new Set(heldOut.map((i) => dataset.recordingIds[i]))],
  };
  begin(folder, header);
  const checkpoint = { file: join(folder, 'checkpoint.bin'), every: CHECKPOINT_EVERY };
  hooks.onStart?.(header, 0);
  const heldX = normalised(about, rowsOf(dataset.x, heldOut, size));
  const heldY = heldOut.map((i) => dataset.y[i]);
  const fitted = await fit({
    model,
    x,
    y: targets(y, dataset.labels.length),
    validation: { x: heldX, y: targets(heldY, dataset.labels.length) },
    epochs: options.epochs,
    batchSize: options.batchSize === 'full' ? x.length / size : options.batchSize,
    optimiser: options.optimiser,
    seed: options.seed,
    patience: options.patience,
    ...balance(
      options,
      y,
      training.map((i) => dataset.recordingIds[i]),
    ),
    checkpoint,
    onEpoch: (result) => {
      hooks.onEpoch?.(result);
      return hooks.stop?.() !== true;
    },
  });
  if (fitted.stopped === 'caller') return { header, result: undefined };
  const output = predict(model, heldX);
  const held = {
    x: rowsOf(dataset.x, heldOut, size),
    truth: heldY,
    recordings: heldOut.map((i) => dataset.recordingIds[i]),
    output,
  };
  const complete = {
    ...about,
    training: { ...about.training, epochs: fitted.history.length, parameters: header.parameters },
  };
  const card = await packageModel({
    folder: join(folder, 'model'),
    model,
    about: complete,
    falseRejectRate: 0.02,
    heldOut: held,
    method: methodOf(options, header),
  });
  const probabilities = rows(output, dataset.labels.length).map((own) => probabilitiesOf(card, own));
  const result: RunResult = {
    history: fitted.history,
    stopped: fitted.stopped,
    bestEpoch: fitted.bestEpoch,
    weightsSha256: hashWeights(model),
    heldOut: score(dataset.labels, heldY, probabilities),
    hardest: hardest(data, fitted.windowLoss),
  };
  writeWhole(join(folder, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  writeWhole(join(folder, 'report.html'), reportPage(header, result, card, { ...held, probabilities }));
  return { header, result };
}

/** Starts a folder, or agrees to go on in one that was started with the same options and data. */
function begin(folder: string, header: RunHeader): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'run.json');
  const text = `${JSON.stringify(header, null, 1)}\n`;
  if (!existsSync(file)) {
    writeWhole(file, text);
    return;
  }
  const before = JSON.parse(readFileSync(file, 'utf8')) as RunHeader;
  const now = JSON.parse(text) as RunHeader;
  const different = otherOptions(before.options, now.options);
  // Options decide which windows there are: only where they are the same, other windows mean other recordings.
  if (different.length === 0 && before.dataSha256 !== now.dataSha256)
    different.push(`data: found other recordings in ${now.options.data} than it began with`);
  if (different.length === 0) return;
  throw new UserError(`${file}: ${different.join('; ')}: another run lives here, choose another --out`, 73);
}

/** `epochs: found 1, expected 2` for each option that a run began with and that is another one now. */
function otherOptions(before: TrainOptions, now: TrainOptions): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])] as (keyof TrainOptions)[];
  const text = (value: unknown) => JSON.stringify(value) ?? 'nothing';
  return keys
    .filter((key) => text(before[key]) !== text(now[key]))
    .map((key) => inWords({ key, found: text(before[key]), expected: text(now[key]) }));
}

function balance(
  options: TrainOptions,
  y: readonly number[],
  recordings: readonly string[],
): { chances?: Float32Array; sampleWeights?: Float32Array } {
  if (options.balance === 'recordings') return { chances: recordingChances(y, recordings) };
  if (options.balance === 'none') return {};
  const counts = new Map<number, number>();
  for (const k of y) counts.set(k, (counts.get(k) ?? 0) + 1);
  return { sampleWeights: Float32Array.from(y, (k) => y.length / (counts.size * counts.get(k)!)) };
}

function aboutModel(options: TrainOptions, data: RunData, codeVersion: string): ModelPackage['about'] {
  const { dataset, training } = data;
  const { channels, rateHz, steps, stride, seed } = options;
  const recordings = new Set(training.map((i) => dataset.recordingIds[i])).size;
  return {
    name: options.name,
    version: '1.0.0',
    description: `${options.architecture} of ${options.units.join(' and ')} units, trained by underfoot train`,
    created: new Date().toISOString().slice(0, 10),
    simulated: false,
    labels: [...dataset.labels],
    rateHz,
    steps,
    stride,
    channels,
    normalisation: options.architecture === 'features' ? { kind: 'none' } : scaling(data),
    output: 'probabilities',
    training: {
      data: options.data,
      dataSha256: data.sha256,
      recordings,
      windows: training.length,
      split: options.split === 'recording' ? 'by recording' : 'RANDOM BY WINDOW: the scores flatter',
      seed,
      epochs: options.epochs,
      optimiser: describeOptimiser(options.optimiser),
      batchSize: options.batchSize === 'full' ? training.length : options.batchSize,
      parameters: 1,
      codeVersion,
      script: 'underfoot train',
    },
  };
}

/** Mean and standard deviation of each channel over the training windows. */
function scaling({ dataset, training }: RunData): ModelPackage['about']['normalisation'] {
  const { channels } = dataset;
  const size = dataset.steps * channels;
  const x = rowsOf(dataset.x, training, size);
  const mean = new Array<number>(channels).fill(0);
  const std = new Array<number>(channels).fill(0);
  x.forEach((v, i) => {
    mean[i % channels] += v / (x.length / channels);
  });
  x.forEach((v, i) => {
    std[i % channels] += (v - mean[i % channels]) ** 2 / (x.length / channels);
  });
  return { kind: 'standard', mean, std: std.map((v) => Math.sqrt(v) || 1) };
}

function methodOf(options: TrainOptions, header: RunHeader): string {
  const windows = `${header.heldOutWindows} windows`;
  if (options.split === 'random')
    return `${windows} drawn at random: windows of the same recordings were trained on, so these scores flatter`;
  const choice = options.patience === undefined ? '' : ', which also chose the epoch';
  return `${windows} of ${header.heldOutRecordings.length} recordings that were not trained on${choice}; they set the scaling`;
}

function hardest({ dataset, training }: RunData, loss: Float32Array): RunResult['hardest'] {
  return [...loss.keys()]
    .sort((a, b) => loss[b] - loss[a])
    .slice(0, HARDEST)
    .map((k) => {
      const window = training[k];
      const startS = dataset.startUs[window] / 1e6;
      const label = dataset.labels[dataset.y[window]];
      return { window, recording: dataset.recordingIds[window], startS, label, loss: loss[k] };
    });
}

function hashWeights(model: tfl.LayersModel): string {
  const hash = createHash('sha256');
  for (const w of model.getWeights())
    hash.update(new Uint8Array((w.dataSync() as Float32Array).slice().buffer));
  return hash.digest('hex');
}

export function rows(values: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, i) =>
    values.subarray(i * length, (i + 1) * length),
  );
}

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.partial`, text);
  renameSync(`${file}.partial`, file);
}
