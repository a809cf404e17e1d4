import { join } from 'node:path';
import { ConfigError, UserError } from '../errors.ts';
import type { ModelCard } from './card.ts';
import { loadCard } from './card-file.ts';
import type { Classifier } from './classifier.ts';
import { selfTest } from './self-test.ts';

export const engines = ['auto', 'onnx', 'tfjs'] as const;
export type Engine = (typeof engines)[number];

/** A model that matched its card: files, tensors and self-test. */
export interface LoadedModel {
  readonly folder: string;
  readonly card: ModelCard;
  readonly classifier: Classifier;
  /** Largest difference from the card's expected probabilities. */
  readonly selfTestError: number;
}

/**
 * Loads a model folder and refuses it (ConfigError) unless everything agrees with its card.
 * `auto` is ONNX Runtime; TensorFlow.js where that has no build for this platform.
 */
export async function loadModel(folder: string, engine: Engine = 'auto'): Promise<LoadedModel> {
  const card = loadCard(folder);
  const classifier = await start(folder, card, engine);
  try {
    const selfTestError = await selfTest(join(folder, 'card.json'), card, classifier);
    return { folder, card, classifier, selfTestError };
  } catch (error) {
    await classifier.close();
    throw error;
  }
}

async function start(folder: string, card: ModelCard, engine: Engine): Promise<Classifier> {
  try {
    if (engine === 'tfjs') return await (await import('./tfjs.ts')).loadTfjs(folder, card);
    return await (await import('./onnx.ts')).loadOnnx(folder, card);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (engine === 'auto' && isMissingModule(error)) {
      return await (await import('./tfjs.ts')).loadTfjs(folder, card);
    }
    const file = join(folder, engine === 'tfjs' ? 'model.json' : 'model.onnx');
    throw new ConfigError([
      { file, found: (error as Error).message, expected: 'a model that can be loaded' },
    ]);
  }
}

/** ONNX Runtime's own error when there is no native library for this platform. */
function isMissingModule(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED';
}
