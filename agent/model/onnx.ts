import { createRequire } from 'node:module';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ConfigError } from '../errors.ts';
import type { ModelCard } from './card.ts';
import type { Classifier } from './classifier.ts';
import { normalise } from './normalise.ts';
import { probabilitiesOf } from './output.ts';

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };

/**
 * `model.onnx` of a model folder, run by ONNX Runtime with one thread that sleeps between windows: a robot's
 * computer has other work. Refuses a graph whose input or output does not fit the card.
 */
export async function loadOnnx(folder: string, card: ModelCard): Promise<Classifier> {
  const file = join(folder, 'model.onnx');
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  checkTensor(file, 'input', session.inputMetadata, [card.steps, card.channels.length]);
  checkTensor(file, 'output', session.outputMetadata, [card.labels.length]);
  const [inputName] = session.inputNames;
  const [outputName] = session.outputNames;
  const shape = [1, card.steps, card.channels.length];
  return {
    engine: `onnxruntime-node ${version}`,
    async classify(window) {
      // Of its own for each call: the session reads it on another thread, and another window may come meanwhile.
      const input = new Float32Array(window.length);
      normalise(card, window, input);
      const output = await session.run({ [inputName]: new Tensor('float32', input, shape) });
      const values = output[outputName].data as Float32Array;
      return probabilitiesOf(card, values);
    },
    close: () => session.release(),
  };
}

/** One tensor of [batch, ...rest]; the batch may be symbolic or 1. */
function checkTensor(
  file: string,
  which: 'input' | 'output',
  metadata: readonly InferenceSession.ValueMetadata[],
  rest: readonly number[],
): void {
  const expected = `one float32 tensor [batch, ${rest.join(', ')}] as the card says`;
  const refuse = (found: string) => new ConfigError([{ file, key: which, found, expected }]);
  if (metadata.length !== 1) throw refuse(`${metadata.length} tensors`);
  const [tensor] = metadata;
  if (!tensor.isTensor) throw refuse(tensor.name);
  const found = `${tensor.type} [${tensor.shape.join(', ')}]`;
  const [batch, ...others] = tensor.shape;
  const fits = others.length === rest.length && others.every((size, i) => size === rest[i]);
  if (tensor.type !== 'float32' || !fits || (typeof batch === 'number' && batch > 1)) throw refuse(found);
}
