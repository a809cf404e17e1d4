import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import { ConfigError } from '../errors.ts';
import type { ModelCard } from './card.ts';
import type { Classifier } from './classifier.ts';
import { normalise } from './normalise.ts';
import { probabilitiesOf } from './output.ts';

/** ONNX Runtime in one of its forms: their sessions are alike, their tensors are their own. */
export interface OnnxForm {
  /** For people: name and version. */
  readonly engine: string;
  readonly session: InferenceSession;
  readonly Tensor: TensorConstructor;
}

/** Refuses a graph whose input or output does not fit the card (ConfigError naming `file`). */
export function onnxClassifier(file: string, card: ModelCard, form: OnnxForm): Classifier {
  const { session, Tensor } = form;
  checkTensor(file, 'input', session.inputMetadata, [card.steps, card.channels.length]);
  checkTensor(file, 'output', session.outputMetadata, [card.labels.length]);
  const [inputName] = session.inputNames;
  const [outputName] = session.outputNames;
  const shape = [1, card.steps, card.channels.length];
  return {
    engine: form.engine,
    async classify(window) {
      // Of its own for each call: the session reads it on another thread, and another window may come meanwhile.
      const input = new Float32Array(window.length);
      normalise(card, window, input);
      const output: Record<string, Tensor> = await session.run({
        [inputName]: new Tensor('float32', input, shape),
      });
      return probabilitiesOf(card, output[outputName].data as Float32Array);
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
