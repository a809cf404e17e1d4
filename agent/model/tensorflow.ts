import * as tf from '@tensorflow/tfjs-core';

/** TensorFlow.js with the fastest back end that this machine has. */
export interface TensorFlow {
  readonly engine: string;
  /** Says why it is slow, where it is. */
  readonly notice?: string;
}

let ready: Promise<TensorFlow> | undefined;

/**
 * Registers a back end once: the native TensorFlow of `@tensorflow/tfjs-node` (an optional dependency: no build for
 * arm64 and for Node 23 and later), else pure JavaScript.
 */
export function tensorflow(): Promise<TensorFlow> {
  ready ??= register();
  return ready;
}

async function register(): Promise<TensorFlow> {
  // No greeting on the console, and no check of every shape in every operation.
  tf.enableProdMode();
  try {
    // A name in a variable keeps the optional package out of type checking where it is not installed.
    const native = '@tensorflow/tfjs-node';
    await import(native);
    await tf.setBackend('tensorflow');
    return { engine: `tfjs-node ${tf.version_core}` };
  } catch (error) {
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
    const reason = (error as Error).message.split('\n')[0];
    const notice = `@tensorflow/tfjs-node is not usable here (${reason}): pure JavaScript instead`;
    return { engine: `tfjs-cpu ${tf.version_core}`, notice };
  }
}
