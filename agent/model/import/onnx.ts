import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelProto } from '../../train/onnx/graph.ts';
import type { Network } from '../../train/package-model.ts';
import { InferenceSession, Tensor } from '../onnx-native.ts';
import { refused } from './refused.ts';

interface Dimension {
  dim_value?: unknown;
  dim_param?: string;
}
interface ValueInfo {
  name: string;
  type: { tensor_type: { shape: { dim: Dimension[] } } };
}

/**
 * An ONNX file (from PyTorch, tf2onnx or anywhere) as a network: one float32 input [batch, steps, channels], one output
 * [batch, labels]. The graph is kept as it is; dimensions that it leaves open are written down as `expected` says.
 */
export async function importOnnx(
  file: string,
  expected: { readonly steps: number; readonly channels: number; readonly labels: number },
): Promise<Network> {
  const bytes = withShapes(file, readFileSync(file), expected);
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 }).catch((error: Error) => {
    throw refused(file, '', error.message, 'a model that ONNX Runtime loads');
  });
  const { steps, channels, labels } = expected;
  check(file, 'input', session.inputMetadata, [steps, channels]);
  check(file, 'output', session.outputMetadata, [labels]);
  const run = async (x: Float32Array): Promise<Float32Array> => {
    const size = steps * channels;
    const out = new Float32Array((x.length / size) * labels);
    // One window at a time: a graph may have been written for a batch of one.
    for (let i = 0; i < x.length / size; i++) {
      const one = new Tensor('float32', x.slice(i * size, (i + 1) * size), [1, steps, channels]);
      const result = await session.run({ [session.inputNames[0]]: one });
      out.set(result[session.outputNames[0]].data as Float32Array, i * labels);
    }
    return out;
  };
  return {
    predict: run,
    async write(folder) {
      writeFileSync(join(folder, 'model.onnx'), bytes);
    },
  };
}

function check(
  file: string,
  key: string,
  found: readonly InferenceSession.ValueMetadata[],
  rest: readonly number[],
): void {
  const expected = `one float32 tensor [batch, ${rest.join(', ')}]`;
  if (found.length !== 1) throw refused(file, key, `${found.length} tensors`, expected);
  const [tensor] = found;
  if (!tensor.isTensor) throw refused(file, key, tensor.name, expected);
  const [batch, ...own] = tensor.shape;
  const fits = own.length === rest.length && own.every((d, i) => d === rest[i]);
  if (tensor.type !== 'float32' || !fits || (typeof batch === 'number' && batch > 1))
    throw refused(file, `${key} ${tensor.name}`, `${tensor.type} [${tensor.shape.join(', ')}]`, expected);
}

/** Fills in open dimensions; the bytes stay as they are where there are none. */
function withShapes(
  file: string,
  bytes: Buffer,
  { steps, channels, labels }: { steps: number; channels: number; labels: number },
): Uint8Array {
  let model: { graph: { input: ValueInfo[]; output: ValueInfo[]; initializer: { name: string }[] } };
  try {
    model = ModelProto.decode(bytes) as never;
  } catch {
    throw refused(file, '', 'bytes that are no ONNX model', 'an ONNX file');
  }
  const given = new Set(model.graph?.initializer.map((i) => i.name));
  const inputs = model.graph?.input.filter((i) => !given.has(i.name)) ?? [];
  if (inputs.length === 0) throw refused(file, '', 'no graph with an input', 'an ONNX file');
  let changed = false;
  const fill = (info: ValueInfo | undefined, rest: readonly number[]): void => {
    const dims = info?.type?.tensor_type?.shape?.dim;
    if (dims?.length !== rest.length + 1) return;
    rest.forEach((size, i) => {
      const dim = dims[i + 1];
      if (Number(dim.dim_value ?? 0) > 0) return;
      changed = true;
      dims[i + 1] = { dim_value: size };
    });
  };
  fill(inputs[0], [steps, channels]);
  fill(model.graph.output[0], [labels]);
  return changed ? ModelProto.encode(ModelProto.fromObject(model)).finish() : bytes;
}
