import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tf, tfl } from './tensorflow.ts';
import './lstm-layer.ts';

interface ModelJson {
  readonly modelTopology: object;
  readonly weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
}

/** Writes `model.json` and `weights.bin` as TensorFlow.js keeps them; gives the names of the two files. */
export async function saveTfjs(model: tfl.LayersModel, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const json = {
        format: 'layers-model',
        generatedBy: artifacts.generatedBy,
        convertedBy: artifacts.convertedBy ?? null,
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ['weights.bin'], weights: artifacts.weightSpecs }],
      };
      writeFileSync(join(folder, 'model.json'), `${JSON.stringify(json)}\n`);
      const data = artifacts.weightData as ArrayBuffer | ArrayBuffer[];
      writeFileSync(join(folder, 'weights.bin'), Buffer.concat([data].flat().map((d) => Buffer.from(d))));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return ['model.json', 'weights.bin'];
}

/** Reads what `saveTfjs` or TensorFlow.js itself wrote: a folder with `model.json` and the files it names. */
export async function loadTfjs(folder: string): Promise<tfl.LayersModel> {
  const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as ModelJson;
  const files = json.weightsManifest.flatMap((group) =>
    group.paths.map((path) => readFileSync(join(folder, path))),
  );
  const bytes = Buffer.concat(files);
  return tfl.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
      weightData: new Uint8Array(bytes).buffer,
    }),
  );
}
