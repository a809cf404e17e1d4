import type { tfl } from '../tensorflow.ts';
import { exporters, setting, UnsupportedLayer, weight } from './exporters.ts';
import type { OnnxGraph } from './graph.ts';

type Layer = tfl.layers.Layer;

/** The order in which ONNX keeps the gates, as places in the order of TensorFlow.js. */
const GATES = { LSTM: [0, 3, 1, 2], GRU: [0, 1, 2] } as const;
type Kind = keyof typeof GATES;

exporters.set('LSTM', (graph, layer, [x]) => recurrent(graph, 'LSTM', layer, x));
exporters.set('GRU', (graph, layer, [x]) => recurrent(graph, 'GRU', layer, x));

/** Both directions on their own, then merged as the layer says. */
exporters.set('Bidirectional', (graph, layer, [x]) => {
  const { forwardLayer, backwardLayer } = layer as unknown as Record<string, Layer>;
  const mode = setting<string>(layer, 'mergeMode');
  const kind = forwardLayer.getClassName();
  if (kind !== 'LSTM' && kind !== 'GRU') throw new UnsupportedLayer(layer, `around ${kind}`);
  const there = recurrent(graph, kind, forwardLayer, x);
  let back = recurrent(graph, kind, backwardLayer, x);
  if (setting<boolean>(forwardLayer, 'returnSequences')) back = reversed(graph, back);
  if (mode === 'concat') return graph.node('Concat', [there, back], { axis: -1n });
  if (mode === 'mul') return graph.node('Mul', [there, back]);
  const sum = graph.node('Add', [there, back]);
  if (mode === 'sum') return sum;
  if (mode === 'ave') return graph.node('Mul', [sum, graph.constant('half', [1], [0.5])]);
  throw new UnsupportedLayer(layer, `mergeMode ${mode}`);
});

function recurrent(graph: OnnxGraph, kind: Kind, layer: Layer, x: string): string {
  if (setting<boolean | undefined>(layer, 'returnState') || setting<boolean | undefined>(layer, 'stateful')) {
    throw new UnsupportedLayer(layer, 'states that are kept or returned');
  }
  const backwards = setting<boolean>(layer, 'goBackwards');
  const stepsFirst = graph.node('Transpose', [x], { perm: [1n, 0n, 2n] });
  const inputs = [stepsFirst, ...weights(graph, kind, layer)];
  const attributes = {
    hidden_size: BigInt(setting<number>(layer, 'units')),
    direction: backwards ? 'reverse' : 'forward',
    activations: activations(kind, layer),
    ...(kind === 'GRU' ? { linear_before_reset: setting<boolean>(layer, 'resetAfter') ? 1n : 0n } : {}),
  };
  if (!setting<boolean>(layer, 'returnSequences')) {
    const last = graph.node(kind, inputs, attributes, ['', graph.name(`${layer.name}_last`)]);
    return graph.node('Squeeze', [last, graph.integers('axes', [0])]);
  }
  const all = graph.node(kind, inputs, attributes, [graph.name(`${layer.name}_all`)]);
  const flat = graph.node('Squeeze', [all, graph.integers('axes', [1])]);
  const batchFirst = graph.node('Transpose', [flat], { perm: [1n, 0n, 2n] });
  // ONNX keeps the order of the input, TensorFlow.js that of the computation.
  return backwards ? reversed(graph, batchFirst) : batchFirst;
}

function reversed(graph: OnnxGraph, x: string): string {
  const [starts, ends, axes, steps] = [[-1], [-(2 ** 31)], [1], [-1]].map((v) => graph.integers('slice', v));
  return graph.node('Slice', [x, starts, ends, axes, steps]);
}

function activations(kind: Kind, layer: Layer): string[] {
  const [outer, gate] = ['activation', 'recurrentActivation'].map((name) => setting<string>(layer, name));
  if (outer !== 'tanh' || gate !== 'sigmoid')
    throw new UnsupportedLayer(layer, `activations ${gate} and ${outer}, expected sigmoid and tanh`);
  return kind === 'LSTM' ? ['Sigmoid', 'Tanh', 'Tanh'] : ['Sigmoid', 'Tanh'];
}

/** W, R and B as ONNX wants them: [1, gates x units, inputs], [1, gates x units, units], [1, 2 x gates x units]. */
function weights(graph: OnnxGraph, kind: Kind, layer: Layer): string[] {
  const gates = GATES[kind];
  const units = setting<number>(layer, 'units');
  const across = gates.length * units;
  const kernel = weight(layer, 'kernel')!;
  const recurrentKernel = weight(layer, 'recurrent_kernel')!;
  const bias = weight(layer, 'bias')?.values ?? new Float32Array(across);
  const turn = ({ shape, values }: { shape: number[]; values: Float32Array }): Float32Array => {
    const out = new Float32Array(values.length);
    gates.forEach((from, to) => {
      for (let n = 0; n < units; n++)
        for (let i = 0; i < shape[0]; i++)
          out[(to * units + n) * shape[0] + i] = values[i * across + from * units + n];
    });
    return out;
  };
  // A bias of two rows (GRU with resetAfter) has one for the input and one for the recurrent part.
  const biases = new Float32Array(2 * across);
  gates.forEach((from, to) => {
    for (let n = 0; n < units; n++) {
      biases[to * units + n] = bias[from * units + n];
      if (bias.length === 2 * across) biases[across + to * units + n] = bias[across + from * units + n];
    }
  });
  return [
    graph.constant(`${layer.name}_W`, [1, across, kernel.shape[0]], turn(kernel)),
    graph.constant(`${layer.name}_R`, [1, across, units], turn(recurrentKernel)),
    graph.constant(`${layer.name}_B`, [1, 2 * across], biases),
  ];
}

exporters.set('ResetAfterGRU', (graph, layer, [x]) => recurrent(graph, 'GRU', layer, x));
exporters.set('ReverseSteps', (graph, _layer, [x]) => reversed(graph, x));
