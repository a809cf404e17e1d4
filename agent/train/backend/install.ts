/**
 * Importing this puts faster kernels into TensorFlow.js's CPU backend: element by element, sums, copies, pooling, products and convolutions
 * over time. They are used by every model in this process; where WebAssembly SIMD is missing, the last two are missing.
 */
import { hasWasm } from '../kernel/choose.ts';
import './elementwise.ts';
import './move.ts';
import './pool.ts';
import './reduce.ts';
import './softmax.ts';

if (hasWasm()) {
  await import('./matmul.ts');
  await import('./convolution.ts');
}
