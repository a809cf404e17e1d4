import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.ts';
import type { tfl } from '../tensorflow.ts';
import { exporters, UnsupportedLayer } from './exporters.ts';
import { OnnxGraph } from './graph.ts';
import './features.ts';
import './layers.ts';
import './recurrent.ts';

/**
 * A model as an ONNX file (opset 17): input `x` [batch, steps, channels], output `y` [batch, labels]. One input, one
 * output, every layer in `exporters`; throws UnsupportedLayer, which names the layer, otherwise.
 */
export function exportOnnx(model: tfl.LayersModel): Uint8Array {
  const graph = new OnnxGraph();
  const names = new Map<number, string>([[model.inputs[0].id, graph.name('x')]]);
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw new UnsupportedLayer(model, `${model.inputs.length} inputs and ${model.outputs.length} outputs`);
  const last = emit(model.outputs[0]);
  graph.node('Identity', [last], {}, [graph.name('y')]);
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  return graph.encode(
    { name: 'x', dims: ['batch', ...(model.inputs[0].shape.slice(1) as number[])] },
    { name: 'y', dims: ['batch', ...(model.outputs[0].shape.slice(1) as number[])] },
    { name: 'underfoot', version },
  );

  /** The name of a tensor's value, once all that leads to it is in the graph. */
  function emit(tensor: tfl.SymbolicTensor): string {
    const known = names.get(tensor.id);
    if (known !== undefined) return known;
    const layer = tensor.sourceLayer;
    const node = layer.inboundNodes[tensor.nodeIndex];
    const exporter = exporters.get(layer.getClassName());
    if (!exporter) throw new UnsupportedLayer(layer, 'no ONNX form');
    const name = exporter(graph, layer, node.inputTensors.map(emit));
    names.set(tensor.id, name);
    return name;
  }
}
