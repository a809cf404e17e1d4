import { featureLayers, STANDARD_LIMIT } from '../../model/layers/feature-layers.ts';
import type { Ops } from '../../model/layers/ops.ts';
import { exporters, weight } from './exporters.ts';
import type { OnnxGraph } from './graph.ts';

/** The operations of fixed features as ONNX nodes; a value is known by its name. */
function onnxOps(graph: OnnxGraph): Ops<string> {
  const number = (value: string | number): string =>
    typeof value === 'string' ? value : graph.constant('number', [], [value]);
  const turn = { perm: [0n, 2n, 1n] };
  const pool = (type: string, a: string, size: number, hop: number): string => {
    const sizes = { kernel_shape: [BigInt(size)], strides: [BigInt(hop)] };
    return graph.node('Transpose', [graph.node(type, [graph.node('Transpose', [a], turn)], sizes)], turn);
  };
  const along = { axes: [1n], keepdims: 1n };
  const slice = (a: string, axis: number, from: number, to: number): string =>
    graph.node('Slice', [a, ...[from, to, axis].map((v) => graph.integers('slice', [v]))]);
  return {
    add: (a, b) => graph.node('Add', [a, number(b)]),
    sub: (a, b) => graph.node('Sub', [a, number(b)]),
    mul: (a, b) => graph.node('Mul', [a, number(b)]),
    div: (a, b) => graph.node('Div', [a, b]),
    abs: (a) => graph.node('Abs', [a]),
    sqrt: (a) => graph.node('Sqrt', [a]),
    log: (a) => graph.node('Log', [a]),
    relu: (a) => graph.node('Relu', [a]),
    clip: (a, low, high) => graph.node('Clip', [a, number(low), number(high)]),
    below: (a, limit) => graph.node('Cast', [graph.node('Less', [a, number(limit)])], { to: 1n }),
    mean: (a) => graph.node('ReduceMean', [a], along),
    max: (a) => graph.node('ReduceMax', [a], along),
    min: (a) => graph.node('ReduceMin', [a], along),
    steps: (a, from, to) => slice(a, 1, from, to ?? 2 ** 31 - 1),
    channel: (a, index) => slice(a, 2, index, index + 1),
    joinSteps: (parts) => graph.node('Concat', parts, { axis: 1n }),
    join: (parts) => graph.node('Concat', parts, { axis: -1n }),
    meanOf: (a, size, hop) => pool('AveragePool', a, size, hop),
    maxOf: (a, size, hop) => pool('MaxPool', a, size, hop),
    share: (a, thresholds, width) => {
      // (a - threshold) / width + 1/2 as a / width - (threshold / width - 1/2): two operations less.
      const wide = graph.node('Unsqueeze', [
        graph.node('Mul', [a, number(1 / width)]),
        graph.integers('axes', [3]),
      ]);
      const limits = graph.constant(
        'thresholds',
        [thresholds.length],
        thresholds.map((t) => t / width - 0.5),
      );
      const soft = graph.node('Clip', [graph.node('Sub', [wide, limits]), number(0), number(1)]);
      const shares = graph.node('ReduceMean', [soft], { axes: [1n], keepdims: 0n });
      return graph.node('Flatten', [shares], { axis: 1n });
    },
    flat: (a) => graph.node('Flatten', [a], { axis: 1n }),
  };
}

for (const { className } of featureLayers) {
  exporters.set(className, (graph, layer, [x]) => {
    const channels = layer.inboundNodes[0].inputTensors[0].shape[2] as number;
    return (layer as InstanceType<(typeof featureLayers)[number]>).features(onnxOps(graph), x, channels);
  });
}

exporters.set('Standardise', (graph, layer, [x]) => {
  const [mean, std] = ['mean', 'std'].map((name) => weight(layer, name)!);
  const centred = graph.node('Sub', [x, graph.constant(`${layer.name}_mean`, mean.shape, mean.values)]);
  const factor = graph.constant(
    `${layer.name}_factor`,
    std.shape,
    std.values.map((v) => 1 / v),
  );
  const limits = [-STANDARD_LIMIT, STANDARD_LIMIT].map((v) => graph.constant('limit', [], [v]));
  return graph.node('Clip', [graph.node('Mul', [centred, factor]), ...limits]);
});

exporters.set('Bins', (graph, layer, [x]) => {
  const [low, width] = ['low', 'width'].map((name) => weight(layer, name)!);
  const column = graph.node('Unsqueeze', [x, graph.integers('axes', [2])]);
  const from = graph.node('Sub', [column, graph.constant(`${layer.name}_low`, low.shape, low.values)]);
  const factor = width.values.map((v) => 1 / v);
  const along = graph.node('Mul', [from, graph.constant(`${layer.name}_factor`, width.shape, factor)]);
  const limits = [0, 1].map((v) => graph.constant('limit', [], [v]));
  const place = graph.node('Sub', [
    graph.node('Clip', [along, ...limits]),
    graph.constant('half', [], [0.5]),
  ]);
  return graph.node('Flatten', [place], { axis: 1n });
});
