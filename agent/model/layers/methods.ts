/**
 * The layers' library calls some operations as methods of a tensor, which only the bundle of everything
 * (@tensorflow/tfjs, 150 MB with the browser's backends) puts there. Import this before a model is made or loaded.
 */
import * as tf from '@tensorflow/tfjs-core';

type Method = (this: tf.Tensor, ...args: unknown[]) => unknown;
const methods = tf.Tensor.prototype as unknown as Record<string, Method>;
const names =
  'abs add argMax cast clipByValue concat div equal exp expandDims gather greater less log matMul max maximum mean ' +
  'min minimum mul neg pad pow prod relu reshape reverse sigmoid sign slice split sqrt square squeeze stack ' +
  'stridedSlice sub sum tanh tile transpose unstack';
const operations = tf as unknown as Record<string, (...args: unknown[]) => unknown>;
for (const name of names.split(' ')) {
  methods[name] ??= function (...args) {
    return operations[name](this, ...args);
  };
}
methods.flatten ??= function () {
  return tf.reshape(this, [this.size]);
};
