import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Ort from 'onnxruntime-common';
import type { ModelCard } from './card.ts';
import type { Classifier } from './classifier.ts';
import { onnxClassifier } from './onnx-session.ts';

/**
 * `model.onnx` run by ONNX Runtime as WebAssembly, for a platform that its native library is not made for. The package
 * is 139 MB, of which 14 MB are used here, so it is an optional peer: this rejects with ERR_MODULE_NOT_FOUND where it
 * is not installed.
 */
export async function loadOnnxWeb(folder: string, card: ModelCard): Promise<Classifier> {
  // A name in a variable keeps the optional package out of type checking where it is not installed.
  const name = 'onnxruntime-web/wasm';
  const { InferenceSession, Tensor, env } = (await import(name)) as typeof Ort;
  // More threads would be workers that busy-wait.
  env.wasm.numThreads = 1;
  const file = join(folder, 'model.onnx');
  const session = await InferenceSession.create(readFileSync(file), { executionProviders: ['wasm'] });
  return onnxClassifier(file, card, {
    engine: `onnxruntime-web ${env.versions.web ?? ''}`.trim(),
    session,
    Tensor,
  });
}
