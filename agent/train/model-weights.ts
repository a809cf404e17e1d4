import { tf, type tfl } from './tensorflow.ts';

/** The model's own arrays, trainable or not, in the order of `getWeights`: copy them before the next step. */
export function weightsOf(model: tfl.LayersModel): Float32Array[] {
  return model.weights.map((w) => (w as unknown as { val: tf.Variable }).val.dataSync() as Float32Array);
}

/** Copies `values`, one array a weight in the order of `weightsOf`, into the model. */
export function setWeights(model: tfl.LayersModel, values: readonly Float32Array[]): void {
  model.weights.forEach((w, i) => {
    const variable = (w as unknown as { val: tf.Variable }).val;
    tf.tidy(() => variable.assign(tf.tensor(values[i].slice(), variable.shape)));
  });
}
