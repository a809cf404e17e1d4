import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ModelCard } from './card.ts';
import type { Classifier } from './classifier.ts';
import { InferenceSession, Tensor } from './onnx-native.ts';
import { onnxClassifier } from './onnx-session.ts';

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
  return onnxClassifier(file, card, { engine: `onnxruntime-node ${version}`, session, Tensor });
}
