import { statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { datasetOf, hashDataset } from '../../session/dataset.ts';
import { recordingsIn } from '../../session/recordings.ts';
import { layersNetwork, type Network, normalised, packageModel } from '../../train/package-model.ts';
import { loadTfjs } from '../../train/save-tfjs.ts';
import type { tfl } from '../../train/tensorflow.ts';
import type { ModelCard } from '../card.ts';
import { importKeras } from './keras.ts';
import { importOnnx } from './onnx.ts';
import { refused } from './refused.ts';

/** What a foreign file does not say of itself. */
export interface ImportOptions {
  readonly file: string;
  /** Folder of the new model. */
  readonly out: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  readonly rateHz: number;
  readonly steps: number;
  readonly stride: number;
  readonly normalisation: ModelCard['normalisation'];
  /** Default: `probabilities` where all that the model gives is between 0 and 1 and sums to 1. */
  readonly output?: 'logits' | 'probabilities';
  /** Recordings that the model was not trained on: its scores, scaling and reference come from them. */
  readonly data: string;
}

/** Takes over a model from Keras, PyTorch (ONNX) or TensorFlow.js: same weights, our files and a card with true scores. */
export async function importModel(o: ImportOptions): Promise<ModelCard> {
  const { network, parameters } = await read(o);
  const data = datasetOf(recordingsIn(o.data), o, o.labels);
  if (data.n === 0)
    throw new UserError(
      `${o.data}: found no window of ${o.labels.join(', ')}, expected recordings with these labels`,
      65,
    );
  const about = {
    name: o.name,
    version: '1.0.0',
    description: `Imported from ${o.file}`,
    created: new Date().toISOString().slice(0, 10),
    simulated: false,
    labels: [...o.labels],
    rateHz: o.rateHz,
    steps: o.steps,
    stride: o.stride,
    channels: o.channels.map((c) => ({ ...c })),
    normalisation: o.normalisation,
    output: 'probabilities' as 'logits' | 'probabilities',
    training: {
      data: `elsewhere; scores and reference from ${o.data}`,
      dataSha256: hashDataset(data),
      recordings: new Set(data.recordingIds).size,
      windows: data.n,
      split: 'as whoever trained it chose',
      seed: 0,
      epochs: 0,
      optimiser: 'unknown: trained elsewhere',
      batchSize: 1,
      parameters,
      codeVersion: 'unknown',
      script: 'underfoot models import',
    },
  };
  const output = await network.predict(normalised(about, data.x));
  about.output = o.output ?? kindOf(output, o.labels.length);
  const heldOut = { x: data.x, truth: data.y, recordings: data.recordingIds, output };
  const method = `${data.n} windows of the recordings given at import; that the model was not trained on them is the word of whoever imported it`;
  return packageModel({ folder: o.out, model: network, about, falseRejectRate: 0.02, heldOut, method });
}

async function read(o: ImportOptions): Promise<{ network: Network; parameters: number }> {
  const stat = statSync(o.file, { throwIfNoEntry: false });
  if (!stat) throw refused(o.file, '', 'no such file', '.keras, .h5, .onnx or a TensorFlow.js folder');
  const ending = extname(o.file).toLowerCase();
  if (ending === '.onnx') {
    const shape = { steps: o.steps, channels: o.channels.length, labels: o.labels.length };
    return { network: await importOnnx(o.file, shape), parameters: Math.max(1, Math.round(stat.size / 4)) };
  }
  if (stat.isDirectory() && !statSync(join(o.file, 'model.json'), { throwIfNoEntry: false }))
    throw refused(join(o.file, 'model.json'), '', 'no such file', 'model.json and its weights');
  const model = stat.isDirectory() ? await layersFolder(o.file) : importKeras(o.file);
  checkShape(o, model);
  return { network: layersNetwork(model), parameters: model.countParams() };
}

async function layersFolder(folder: string): Promise<tfl.LayersModel> {
  try {
    return await loadTfjs(folder);
  } catch (error) {
    throw refused(
      join(folder, 'model.json'),
      '',
      (error as Error).message,
      'a layers model with layers known here',
    );
  }
}

function checkShape(o: ImportOptions, model: tfl.LayersModel): void {
  const compare = (key: string, shape: readonly (number | null)[], rest: readonly number[]): void => {
    const [found, expected] = [shape.slice(1).join(', '), rest.join(', ')];
    if (found !== expected) throw refused(o.file, key, `[batch, ${found}]`, `[batch, ${expected}]`);
  };
  compare('input', model.inputs[0].shape, [o.steps, o.channels.length]);
  compare('output', model.outputs[0].shape, [o.labels.length]);
}

function kindOf(output: Float32Array, labels: number): 'logits' | 'probabilities' {
  for (let at = 0; at < output.length; at += labels) {
    const row = output.subarray(at, at + labels);
    if (row.some((v) => v < 0) || Math.abs(row.reduce((a, b) => a + b, 0) - 1) > 1e-3) return 'logits';
  }
  return 'probabilities';
}
