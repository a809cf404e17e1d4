import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { type Group, File as HdfFile } from 'jsfive';
import { refused } from './refused.ts';

/** One weight as it lies in the file. */
export interface KerasWeight {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** What a Keras file holds: the architecture, and the weights of a layer in Keras' own order. */
export interface KerasFile {
  readonly model: KerasLayerConfig;
  weights(layer: string, className: string, index: number): KerasWeight[];
}

export interface KerasLayerConfig {
  readonly class_name: string;
  readonly name?: string;
  readonly config: Record<string, unknown> & { name?: string; layers?: KerasLayerConfig[] };
  readonly inbound_nodes?: unknown[];
}

/** Reads `.keras` (Keras 3: a zip) or `.h5` (Keras 2, and Keras 3 in the old form). */
export function readKeras(file: string): KerasFile {
  const bytes = readFileSync(file);
  if (bytes.subarray(0, 2).toString() === 'PK') return zipped(file, bytes);
  if (bytes.subarray(1, 4).toString() === 'HDF') return legacy(file, open(bytes));
  throw refused(file, '', 'neither a zip nor an HDF5 file', 'a model saved by Keras as .keras or .h5');
}

function zipped(file: string, bytes: Uint8Array): KerasFile {
  const entries = unzipSync(bytes);
  const [config, weights] = [entries['config.json'], entries['model.weights.h5']];
  if (!config || !weights)
    throw refused(file, '', Object.keys(entries).join(', '), 'config.json and model.weights.h5');
  const model = JSON.parse(Buffer.from(config).toString()) as KerasLayerConfig;
  const root = open(weights);
  const layers = child(root, 'layers') ?? child(root, '_layer_checkpoint_dependencies');
  if (!layers) throw refused(file, 'model.weights.h5', root.keys.join(', '), 'a group layers');
  return {
    model,
    // Groups carry the class in snake case with a running number, or in some versions the layer's name.
    weights(layer, className, index) {
      const snake = snakeCase(className);
      const group = child(layers, index === 0 ? snake : `${snake}_${index}`) ?? child(layers, layer);
      return group ? variables(group) : [];
    },
  };
}

function legacy(file: string, root: HdfFile): KerasFile {
  const config = root.attrs.model_config as string | undefined;
  const weights = child(root, 'model_weights');
  if (!config || !weights)
    throw refused(file, '', 'weights without an architecture', 'a whole model: model.save, not save_weights');
  return {
    model: JSON.parse(config) as KerasLayerConfig,
    weights(layer) {
      const group = child(weights, layer);
      const names = (group?.attrs.weight_names ?? []) as string[];
      return [...names].map((name) => dataset(group!.get(name) as unknown as HdfDataset));
    },
  };
}

interface HdfDataset {
  readonly shape: number[];
  readonly value: ArrayLike<number> | number;
}

/** All variables below a group: its own first, then those of its parts in the order in which Keras makes them. */
function variables(group: Group): KerasWeight[] {
  const own = child(group, 'vars');
  const vars = own ? [...own.keys].sort((a, b) => Number(a) - Number(b)) : [];
  const order = ['cell', 'forward_layer', 'backward_layer', 'layer'];
  const parts = order.flatMap((name) => child(group, name) ?? []);
  return [
    ...vars.map((name) => dataset(own!.get(name) as unknown as HdfDataset)),
    ...parts.flatMap((part) => variables(part)),
  ];
}

const dataset = ({ shape, value }: HdfDataset): KerasWeight => ({
  shape: [...shape],
  values: Float32Array.from(typeof value === 'number' ? [value] : value),
});

function child(group: Group, name: string): Group | undefined {
  return group.keys.includes(name) ? (group.get(name) as Group) : undefined;
}

function open(bytes: Uint8Array): HdfFile {
  return new HdfFile(new Uint8Array(bytes).buffer, 'model');
}

/** As Keras itself does it: Conv1D is conv1d, MaxPooling1D is max_pooling1d. */
const snakeCase = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
