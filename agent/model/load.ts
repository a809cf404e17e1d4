import { join } from 'node:path';
import { ConfigError, UserError } from '../errors.ts';
import type { ModelCard } from './card.ts';
import { loadCard } from './card-file.ts';
import type { Classifier } from './classifier.ts';
import { selfTest } from './self-test.ts';

export const engines = ['auto', 'onnx', 'onnx-web', 'tfjs'] as const;
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
 * `auto` is ONNX Runtime; where that has no build for this platform, its WebAssembly form where onnxruntime-web is
 * installed, else TensorFlow.js, and the classifier's `notice` says so.
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

const loaders: Readonly<Record<Exclude<Engine, 'auto'>, (f: string, c: ModelCard) => Promise<Classifier>>> = {
  onnx: async (folder, card) => (await import('./onnx.ts')).loadOnnx(folder, card),
  'onnx-web': async (folder, card) => (await import('./onnx-web.ts')).loadOnnxWeb(folder, card),
  tfjs: async (folder, card) => (await import('./tfjs.ts')).loadTfjs(folder, card),
};

async function start(folder: string, card: ModelCard, engine: Engine): Promise<Classifier> {
  if (engine !== 'auto') return await open(folder, card, engine);
  try {
    return await open(folder, card, 'onnx');
  } catch (error) {
    if (!(error instanceof MissingEngine)) throw error;
    return await fallBack(folder, card, error.reason);
  }
}

async function fallBack(folder: string, card: ModelCard, reason: string): Promise<Classifier> {
  const missing = `ONNX Runtime has no library for this platform (${reason})`;
  try {
    const classifier = await open(folder, card, 'onnx-web');
    return { ...classifier, notice: `${missing}: its WebAssembly form is used, which is slower` };
  } catch (error) {
    if (!(error instanceof MissingEngine)) throw error;
  }
  // A model that was imported as ONNX has no other form.
  if (!card.files['model.json']) throw new MissingEngine(join(folder, 'model.onnx'), missing);
  const classifier = await open(folder, card, 'tfjs');
  const notice = `${missing}: TensorFlow.js is used, which is slower; onnxruntime-web would be faster`;
  return { ...classifier, notice };
}

async function open(folder: string, card: ModelCard, engine: keyof typeof loaders): Promise<Classifier> {
  try {
    return await loaders[engine](folder, card);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const file = join(folder, engine === 'tfjs' ? 'model.json' : 'model.onnx');
    const { message } = error as Error;
    if (isMissingModule(error)) throw new MissingEngine(file, message.split('\n')[0]);
    throw new ConfigError([{ file, found: message, expected: 'a model that can be loaded' }]);
  }
}

/** An engine that is not installed, or has no native library for this platform. */
export class MissingEngine extends ConfigError {
  readonly reason: string;
  constructor(file: string, reason: string) {
    super([{ file, found: reason, expected: 'an engine for this model: npm install onnxruntime-web' }]);
    this.reason = reason;
  }
}

/** Node's own errors where a module, or a library that it links, is not there or not for this platform. */
function isMissingModule(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED';
}
