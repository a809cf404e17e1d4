/**
 * TensorFlow.js as this program uses it: the pure-JS backend, in production mode (no greeting on the console, no
 * shape checks in every operation). Import `tf` and `tfl` from here, so that there is one instance and one setting.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '../model/layers/methods.ts';

tf.enableProdMode();
await tf.setBackend('cpu');

export { tf, tfl };
