import type { tf, tfl } from '../tensorflow.ts';
import type { OnnxGraph } from './graph.ts';

/** Adds a layer to the graph: takes the names of its inputs, gives that of its output. */
export type Exporter = (graph: OnnxGraph, layer: tfl.layers.Layer, inputs: string[]) => string;

/** A layer that cannot be written to ONNX. */
export class UnsupportedLayer extends Error {
  constructor(layer: tfl.layers.Layer, what: string) {
    super(`layer ${layer.name} (${layer.getClassName()}): ${what}`);
    this.name = 'UnsupportedLayer';
  }
}

/** By class name. A layer of our own adds itself here. */
export const exporters = new Map<string, Exporter>();

/** A setting of a layer's configuration. */
export function setting<T>(layer: tfl.layers.Layer, name: string): T {
  return layer.getConfig()[name] as T;
}

/** A weight by the end of its name (`kernel`, `bias`), with its values; undefined where the layer has none. */
export function weight(
  layer: tfl.layers.Layer,
  name: string,
): { shape: number[]; values: Float32Array } | undefined {
  const found = layer.weights.find((w) => w.originalName.endsWith(`/${name}`) || w.originalName === name);
  if (!found) return undefined;
  const tensor = found.read() as tf.Tensor;
  return { shape: tensor.shape, values: tensor.dataSync() as Float32Array };
}

const ACTIVATIONS: Record<string, (graph: OnnxGraph, x: string) => string> = {
  linear: (_graph, x) => x,
  relu: (graph, x) => graph.node('Relu', [x]),
  tanh: (graph, x) => graph.node('Tanh', [x]),
  sigmoid: (graph, x) => graph.node('Sigmoid', [x]),
  hardSigmoid: (graph, x) => graph.node('HardSigmoid', [x], { alpha: 0.2, beta: 0.5 }),
  softmax: (graph, x) => graph.node('Softmax', [x], { axis: -1n }),
  elu: (graph, x) => graph.node('Elu', [x], { alpha: 1 }),
  selu: (graph, x) => graph.node('Selu', [x]),
  softplus: (graph, x) => graph.node('Softplus', [x]),
  softsign: (graph, x) => graph.node('Softsign', [x]),
};

export function activate(graph: OnnxGraph, layer: tfl.layers.Layer, name: string, x: string): string {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const activation = ACTIVATIONS[camel];
  if (!activation) throw new UnsupportedLayer(layer, `no ONNX form of activation ${name}`);
  return activation(graph, x);
}
