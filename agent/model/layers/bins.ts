import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/**
 * Each feature as its place in every one of `count` ranges: -1/2 below the range, 1/2 above it, in between on a straight
 * line (piecewise linear encoding, Gorishniy et al. 2022). [batch, features] to [batch, features x count]. The ranges are
 * set from training data, not learned. A linear map of the bins is a sum of one curve a feature.
 */
export class Bins extends tfl.layers.Layer {
  static className = 'Bins';
  readonly count: number;
  /** [features, count] where each range begins, and how wide it is. */
  low!: tfl.LayerVariable;
  width!: tfl.LayerVariable;

  constructor(config: { count: number; name?: string }) {
    super(config as object);
    this.count = config.count;
  }

  override build(shape: tfl.Shape | tfl.Shape[]): void {
    const size = [(shape as number[]).at(-1) as number, this.count];
    const make = (name: string, start: 'zeros' | 'ones') =>
      this.addWeight(name, size, 'float32', tfl.initializers[start](), undefined, false);
    this.low = make('low', 'zeros');
    this.width = make('width', 'ones');
    this.built = true;
  }

  /** Where ranges begin and how wide they are, above 0: both [features, count], row-major. */
  setRanges(low: Float32Array, width: Float32Array): void {
    const shape = [low.length / this.count, this.count] as [number, number];
    this.setWeights([tf.tensor2d(low, shape), tf.tensor2d(width, shape)]);
  }

  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape {
    const [batch, features] = shape as number[];
    return [batch, features * this.count];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.tidy(() => {
      const along = tf.div(tf.sub(tf.expandDims(x, -1), this.low.read()), this.width.read());
      const place = tf.sub(tf.clipByValue(along, 0, 1), 0.5);
      return tf.reshape(place, [x.shape[0], (x.shape[1] as number) * this.count]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), count: this.count };
  }
}

tf.serialization.registerClass(Bins as never);
