import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** [batch, steps, channels] with the last step first: what a layer that read backwards gives, put in order. */
export class ReverseSteps extends tfl.layers.Layer {
  static className = 'ReverseSteps';

  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape {
    return shape as tfl.Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.reverse(Array.isArray(inputs) ? inputs[0] : inputs, 1);
  }
}
tf.serialization.registerClass(ReverseSteps as never);
