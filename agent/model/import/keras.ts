import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { UserError } from '../../errors.ts';
import { ReverseSteps } from '../layers/reverse-steps.ts';
import { type KerasFile, type KerasLayerConfig, type KerasWeight, readKeras } from './keras-file.ts';
import { directions, makers, UnsupportedSetting } from './keras-layers.ts';
import { refused } from './refused.ts';

type Tensor = tfl.SymbolicTensor;

/**
 * A model saved by Keras 2 or 3 as a TensorFlow.js model with the same weights. One input [batch, steps, channels], one
 * output. ConfigError names the layer that has no counterpart here, a setting that it lacks, or a weight of another shape;
 * also a file that is damaged.
 */
export function importKeras(file: string): tfl.LayersModel {
  try {
    const keras = readKeras(file);
    const builder = new Builder(file, keras);
    return keras.model.class_name === 'Sequential' ? builder.sequential() : builder.functional();
  } catch (error) {
    if (error instanceof UserError) throw error;
    // Weights are read as layers need them, so that a damaged file shows anywhere.
    throw refused(file, '', (error as Error).message, 'a whole model as Keras 2 or 3 saves it');
  }
}

class Builder {
  readonly #file: string;
  readonly #keras: KerasFile;
  /** How many layers of a class came before: some files number them. */
  readonly #count = new Map<string, number>();

  constructor(file: string, keras: KerasFile) {
    this.#file = file;
    this.#keras = keras;
  }

  sequential(): tfl.LayersModel {
    const { layers } = this.#keras.model.config;
    if (!layers) throw refused(this.#file, 'config', 'no layers', 'the layers of a Sequential model');
    const shape = layers.map(inputShape).find((s) => s !== undefined);
    const input = this.#input('model', shape);
    let x = input;
    for (const layer of layers) if (layer.class_name !== 'InputLayer') x = this.#apply(layer, [x]);
    return tfl.model({ inputs: input, outputs: x });
  }

  functional(): tfl.LayersModel {
    const { model } = this.#keras;
    const layers = model.config.layers;
    if (!layers) throw refused(this.#file, 'class_name', model.class_name, 'Sequential or Functional');
    const made = new Map<string, Tensor>();
    let input: Tensor | undefined;
    for (const layer of layers) {
      const name = nameOf(layer);
      if (layer.class_name === 'InputLayer') {
        if (input) throw refused(this.#file, name, 'a second input', 'one');
        input = this.#input(name, inputShape(layer));
        made.set(name, input);
        continue;
      }
      if (layer.inbound_nodes?.length !== 1)
        throw refused(this.#file, name, `used ${layer.inbound_nodes?.length ?? 0} times`, 'once');
      const from = historiesIn(layer.inbound_nodes[0]).map((id) => {
        const tensor = made.get(id);
        if (!tensor) throw refused(this.#file, name, `input ${id}`, 'a layer that comes before it');
        return tensor;
      });
      made.set(name, this.#apply(layer, from));
    }
    const outputs = historiesIn([model.config.output_layers]);
    const out = made.get(outputs[0]);
    if (outputs.length !== 1 || !out)
      throw refused(this.#file, 'output_layers', outputs.join(', ') || 'none', 'one layer of the model');
    if (!input) throw refused(this.#file, 'layers', 'no InputLayer', 'one');
    return tfl.model({ inputs: input, outputs: out });
  }

  #input(name: string, shape: readonly (number | null)[] | undefined): Tensor {
    const inner = shape?.slice(1);
    if (inner?.length !== 2 || inner.some((d) => d === null))
      throw refused(
        this.#file,
        name,
        `input [${shape?.map((d) => d ?? 'batch').join(', ')}]`,
        '[batch, steps, channels] with fixed steps',
      );
    return tfl.input({ shape: inner as number[] });
  }

  #apply(layer: KerasLayerConfig, from: Tensor[]): Tensor {
    const name = nameOf(layer);
    const className = layer.class_name;
    const index = this.#count.get(className) ?? 0;
    this.#count.set(className, index + 1);
    const weights = this.#keras.weights(name, className, index);
    try {
      if (className === 'Bidirectional') return this.#both(layer, name, from[0], weights);
      const make = makers[className];
      if (!make)
        throw new UnsupportedSetting(`no such layer here, expected one of ${Object.keys(makers).join(', ')}`);
      const own = make(layer.config, name);
      const out = own.apply(from.length === 1 ? from[0] : from) as Tensor;
      // A layer without weights may keep the state of its random numbers in the file.
      if (own.weights.length > 0) this.#setWeights(own, weights, `${name} (${className})`);
      return out;
    } catch (error) {
      if (!(error instanceof UnsupportedSetting)) throw error;
      const [found, expected = ''] = error.message.split(', expected ');
      throw refused(this.#file, `layer ${name} (${className})`, found, expected);
    }
  }

  #both(layer: KerasLayerConfig, name: string, x: Tensor, weights: KerasWeight[]): Tensor {
    const { layers, sequences, mode } = directions(layer.config, name);
    const outputs = layers.map((own) => own.apply(x) as Tensor);
    const half = weights.length / 2;
    for (const [i, own] of layers.entries())
      this.#setWeights(own, weights.slice(i * half, (i + 1) * half), `${name} (Bidirectional)`);
    if (sequences) outputs[1] = new ReverseSteps({}).apply(outputs[1]) as Tensor;
    const merge = {
      concat: tfl.layers.concatenate,
      sum: tfl.layers.add,
      ave: tfl.layers.average,
      mul: tfl.layers.multiply,
    }[mode];
    return merge?.({ name } as never).apply(outputs) as Tensor;
  }

  #setWeights(layer: tfl.layers.Layer, weights: readonly KerasWeight[], key: string): void {
    const shapes = (list: readonly { shape: (number | null)[] }[]): string =>
      list.map(({ shape }) => `[${shape.join(', ')}]`).join(', ') || 'no weights';
    const [found, expected] = [shapes(weights), shapes(layer.weights)];
    if (found !== expected) throw refused(this.#file, `layer ${key}`, found, expected);
    tf.tidy(() => layer.setWeights(weights.map(({ values, shape }) => tf.tensor(values, shape))));
  }
}

const nameOf = (layer: KerasLayerConfig): string => layer.name ?? layer.config.name ?? layer.class_name;

function inputShape({ config }: KerasLayerConfig): (number | null)[] | undefined {
  return (config.batch_shape ?? config.batch_input_shape) as (number | null)[] | undefined;
}

/** Names of the layers whose outputs go in: Keras 2 writes [name, 0, 0, {}], Keras 3 objects with a keras_history. */
function historiesIn(node: unknown): string[] {
  if (Array.isArray(node)) {
    if (typeof node[0] === 'string' && typeof node[1] === 'number') return [node[0]];
    return node.flatMap(historiesIn);
  }
  if (node === null || typeof node !== 'object') return [];
  const history = (node as { keras_history?: [string] }).keras_history;
  if (history) return [history[0]];
  const { args, config } = node as { args?: unknown; config?: unknown };
  return historiesIn(args ?? config);
}
