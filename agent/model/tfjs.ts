import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, type Tensor, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../errors.ts';
import type { ModelCard } from './card.ts';
import type { Classifier } from './classifier.ts';
import { normalise } from './normalise.ts';
import { probabilitiesOf } from './output.ts';
import { tensorflow } from './tensorflow.ts';

/** `model.json` (layers format) of a model folder, run by TensorFlow.js. */
export async function loadTfjs(folder: string, card: ModelCard): Promise<Classifier> {
  const { engine } = await tensorflow();
  const model = await readLayersModel(folder);
  checkShape(join(folder, 'model.json'), 'input', model.inputs[0].shape, [card.steps, card.channels.length]);
  checkShape(join(folder, 'model.json'), 'output', model.outputs[0].shape, [card.labels.length]);
  const input = new Float32Array(card.steps * card.channels.length);
  const shape: [number, number, number] = [1, card.steps, card.channels.length];
  return {
    engine,
    async classify(window) {
      normalise(card, window, input);
      const values = tidy(() => (model.predict(tensor3d(input, shape)) as Tensor).dataSync());
      return probabilitiesOf(card, values);
    },
    async close() {
      model.dispose();
    },
  };
}

/** Reads `model.json` and its weight shards without tfjs-node's file handlers. */
export async function readLayersModel(folder: string): Promise<LayersModel> {
  await tensorflow();
  await layers();
  const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as io.ModelJSON;
  const manifest = json.weightsManifest;
  const shards = manifest.flatMap((group) => group.paths).map((path) => readFileSync(join(folder, path)));
  const bytes = Buffer.concat(shards);
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const weightSpecs = manifest.flatMap((group) => group.weights);
  return loadLayersModel(io.fromMemory({ modelTopology: json.modelTopology, weightSpecs, weightData }));
}

function checkShape(file: string, key: string, found: (number | null)[], rest: readonly number[]): void {
  const fits = found.length === rest.length + 1 && rest.every((size, i) => size === found[i + 1]);
  if (fits) return;
  const expected = `[batch, ${rest.join(', ')}] as the card says`;
  throw new ConfigError([{ file, key, found: `[${found.join(', ')}]`, expected }]);
}

/** Layers of our own, and what TensorFlow.js's layers need that its small packages leave out. */
async function layers(): Promise<void> {
  await import('./layers/methods.ts');
  await import('./layers/orthogonal.ts');
  await import('./layers/feature-layers.ts');
}
