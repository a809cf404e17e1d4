import { tf, type tfl } from '../tensorflow.ts';
import { activate, type Exporter, exporters, setting, UnsupportedLayer, weight } from './exporters.ts';
import type { OnnxGraph } from './graph.ts';

type Layer = tfl.layers.Layer;

/** Layers that do nothing once training is over. */
const same: Exporter = (_graph, _layer, [x]) => x;
for (const name of ['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'InputLayer'])
  exporters.set(name, same);

exporters.set('Activation', (graph, layer, [x]) => activate(graph, layer, setting(layer, 'activation'), x));
exporters.set('ReLU', (graph, layer, [x]) => {
  if (setting(layer, 'maxValue') != null) throw new UnsupportedLayer(layer, 'maxValue');
  return graph.node('Relu', [x]);
});
exporters.set('LeakyReLU', (graph, layer, [x]) =>
  graph.node('LeakyRelu', [x], { alpha: setting<number>(layer, 'alpha') }),
);
exporters.set('Softmax', (graph, _layer, [x]) => graph.node('Softmax', [x], { axis: -1n }));

exporters.set('Dense', (graph, layer, [x]) => {
  const kernel = weight(layer, 'kernel')!;
  let y = graph.node('MatMul', [x, graph.constant(`${layer.name}_kernel`, kernel.shape, kernel.values)]);
  y = addBias(graph, layer, y);
  return activate(graph, layer, setting(layer, 'activation'), y);
});

/** At inference a BatchNormalization is a factor and an offset for each channel. */
exporters.set('BatchNormalization', (graph, layer, [x]) => {
  const axis = setting<number>(layer, 'axis');
  const rank = inputShape(layer).length;
  if (axis !== -1 && axis !== rank - 1) throw new UnsupportedLayer(layer, `axis ${axis}, expected the last`);
  const mean = weight(layer, 'moving_mean')!.values;
  const variance = weight(layer, 'moving_variance')!.values;
  const gamma = weight(layer, 'gamma')?.values;
  const beta = weight(layer, 'beta')?.values;
  const epsilon = setting<number>(layer, 'epsilon');
  const factor = variance.map((v, i) => (gamma ? gamma[i] : 1) / Math.sqrt(v + epsilon));
  const offset = mean.map((m, i) => (beta ? beta[i] : 0) - m * factor[i]);
  const scaled = graph.node('Mul', [x, graph.constant(`${layer.name}_factor`, [factor.length], factor)]);
  return graph.node('Add', [scaled, graph.constant(`${layer.name}_offset`, [offset.length], offset)]);
});

exporters.set('Conv1D', (graph, layer, [x]) => {
  const { shape, values } = weight(layer, 'kernel')!;
  const [size, inputs, filters] = shape;
  const turned = new Float32Array(values.length);
  for (let k = 0; k < size; k++)
    for (let c = 0; c < inputs; c++)
      for (let f = 0; f < filters; f++)
        turned[(f * inputs + c) * size + k] = values[(k * inputs + c) * filters + f];
  const kernel = graph.constant(`${layer.name}_kernel`, [filters, inputs, size], turned);
  const dilation = one(setting<number | number[]>(layer, 'dilationRate'));
  const attributes = {
    strides: [BigInt(one(setting<number | number[]>(layer, 'strides')))],
    dilations: [BigInt(dilation)],
    ...padding(layer, (size - 1) * dilation),
  };
  const y = channelsLast(graph, x, (z) => graph.node('Conv', [z, kernel], attributes));
  return activate(graph, layer, setting(layer, 'activation'), addBias(graph, layer, y));
});

function pool(type: string, more: Record<string, bigint>): Exporter {
  return (graph, layer, [x]) =>
    channelsLast(graph, x, (z) =>
      graph.node(type, [z], {
        kernel_shape: [BigInt(one(setting<number | number[]>(layer, 'poolSize')))],
        strides: [BigInt(one(setting<number | number[]>(layer, 'strides')))],
        ...padding(layer, 0),
        ...more,
      }),
    );
}
exporters.set('MaxPooling1D', pool('MaxPool', {}));
exporters.set('AveragePooling1D', pool('AveragePool', { count_include_pad: 0n }));
exporters.set('GlobalMaxPooling1D', (graph, _layer, [x]) =>
  graph.node('ReduceMax', [x], { axes: [1n], keepdims: 0n }),
);
exporters.set('GlobalAveragePooling1D', (graph, _layer, [x]) =>
  graph.node('ReduceMean', [x], { axes: [1n], keepdims: 0n }),
);

exporters.set('Concatenate', (graph, layer, inputs) =>
  graph.node('Concat', inputs, { axis: BigInt(setting<number>(layer, 'axis')) }),
);
exporters.set('Average', (graph, _layer, inputs) => {
  const sum = inputs.reduce((a, b) => graph.node('Add', [a, b]));
  return graph.node('Mul', [sum, graph.constant('share', [], [1 / inputs.length])]);
});
exporters.set('Add', (graph, _layer, inputs) => inputs.reduce((a, b) => graph.node('Add', [a, b])));
exporters.set('Multiply', (graph, _layer, inputs) => inputs.reduce((a, b) => graph.node('Mul', [a, b])));
exporters.set('Flatten', (graph, _layer, [x]) => graph.node('Flatten', [x], { axis: 1n }));
exporters.set('Reshape', (graph, layer, [x]) => {
  const target = layer.outputShape.slice(1) as number[];
  return graph.node('Reshape', [x, graph.integers(`${layer.name}_shape`, [-1, ...target])]);
});
exporters.set('Permute', (graph, layer, [x]) =>
  graph.node('Transpose', [x], { perm: [0n, ...setting<number[]>(layer, 'dims').map(BigInt)] }),
);
exporters.set('RepeatVector', (graph, layer, [x]) => {
  const wide = graph.node('Unsqueeze', [x, graph.integers('axes', [1])]);
  return graph.node('Tile', [wide, graph.integers('repeats', [1, setting<number>(layer, 'n'), 1])]);
});
exporters.set('LayerNormalization', (graph, layer, [x]) => {
  const gamma = weight(layer, 'gamma');
  const size = inputShape(layer).at(-1) as number;
  const scale = gamma?.values ?? new Float32Array(size).fill(1);
  const beta = weight(layer, 'beta')?.values ?? new Float32Array(size);
  const inputs = [x, graph.constant('gamma', [size], scale), graph.constant('beta', [size], beta)];
  return graph.node('LayerNormalization', inputs, { axis: -1n, epsilon: setting<number>(layer, 'epsilon') });
});

function addBias(graph: OnnxGraph, layer: Layer, x: string): string {
  const bias = weight(layer, 'bias');
  return bias ? graph.node('Add', [x, graph.constant(`${layer.name}_bias`, bias.shape, bias.values)]) : x;
}

/** ONNX convolves [batch, channels, steps]. */
function channelsLast(graph: OnnxGraph, x: string, work: (z: string) => string): string {
  const turn = { perm: [0n, 2n, 1n] };
  return graph.node('Transpose', [work(graph.node('Transpose', [x], turn))], turn);
}

function padding(layer: Layer, causal: number): Record<string, string | bigint[]> {
  const kind = setting<string>(layer, 'padding');
  if (kind === 'same') return { auto_pad: 'SAME_UPPER' };
  if (kind === 'causal') return { pads: [BigInt(causal), 0n] };
  return {};
}

const inputShape = (layer: Layer): readonly (number | null)[] => layer.inboundNodes[0].inputTensors[0].shape;

const one = (value: number | number[]): number => tf.util.flatten([value])[0] as number;
