import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { tf } from '../tensorflow.ts';

export interface Call {
  readonly inputs: Record<string, tf.TensorInfo>;
  readonly backend: MathBackendCPU;
  readonly attrs: Record<string, unknown>;
}
/** Does the work, or gives undefined to leave it to TensorFlow.js. */
export type Shortcut = (call: Call) => tf.TensorInfo | tf.TensorInfo[] | undefined;

/** Puts a shortcut in front of a kernel of TensorFlow.js's CPU backend; where it does not apply, the kernel works as before. */
export function override(name: string, shortcut: Shortcut): void {
  const stock = tf.getKernel(name, 'cpu');
  if (!stock) throw new Error(`TensorFlow.js has no kernel ${name}`);
  tf.unregisterKernel(name, 'cpu');
  tf.registerKernel({
    ...stock,
    kernelFunc: (args) => shortcut(args as unknown as Call) ?? stock.kernelFunc(args),
  });
}

/** The values of a float32 tensor; undefined for any other kind. */
export function floatsOf(call: Call, name: string): Float32Array | undefined {
  const info = call.inputs[name];
  if (info?.dtype !== 'float32') return undefined;
  const values = call.backend.data.get(info.dataId).values;
  return values instanceof Float32Array ? values : undefined;
}

export function float32(call: Call, shape: number[], values: Float32Array): tf.TensorInfo {
  return call.backend.makeTensorInfo(shape, 'float32', values);
}
