import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import './bins.ts';
import { chunkStatistics, logSteps, pairStatistics, windowStatistics } from './features.ts';
import type { Ops } from './ops.ts';
import { tfOps } from './tf-ops.ts';

/**
 * Layers of our own, without weights, that turn currents into features inside the exported graph. TensorFlow.js can load a
 * model that has them once this module is imported; ONNX files hold them as standard operations.
 */
abstract class FeatureLayer extends tfl.layers.Layer {
  /** The features, in whatever `ops` computes with; `channels` is the number of input channels. */
  abstract features<T>(ops: Ops<T>, x: T, channels: number): T;
  abstract outputOf(steps: number, channels: number): number[];

  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape {
    const [batch, steps, channels] = shape as number[];
    return [batch, ...this.outputOf(steps, channels)];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.tidy(() => this.features(tfOps, x, x.shape[2] as number));
  }
}

/** [batch, steps, channels] to [batch, 41 channels], and 5 more of two channels together. */
export class WindowStatistics extends FeatureLayer {
  static className = 'WindowStatistics';
  features<T>(ops: Ops<T>, x: T, channels: number): T {
    const own = windowStatistics(ops, x);
    if (channels !== 2) return own;
    return ops.join([own, pairStatistics(ops, ops.channel(x, 0), ops.channel(x, 1))]);
  }
  outputOf(_steps: number, channels: number): number[] {
    return [41 * channels + (channels === 2 ? 5 : 0)];
  }
}

/** [batch, steps, channels] to [batch, (steps - 8) / 4 + 1, 5 channels]. */
export class ChunkStatistics extends FeatureLayer {
  static className = 'ChunkStatistics';
  features<T>(ops: Ops<T>, x: T): T {
    return chunkStatistics(ops, x);
  }
  outputOf(steps: number, channels: number): number[] {
    return [Math.floor((steps - 8) / 4) + 1, 5 * channels];
  }
}

/** [batch, steps, channels] to [batch, steps, 3 channels]. */
export class LogSteps extends FeatureLayer {
  static className = 'LogSteps';
  features<T>(ops: Ops<T>, x: T): T {
    return logSteps(ops, x);
  }
  outputOf(steps: number, channels: number): number[] {
    return [steps, 3 * channels];
  }
}

/** (x - mean) / std of the last axis, within -4 to 4. Mean and std are set from training data, not learned. */
export class Standardise extends tfl.layers.Layer {
  static className = 'Standardise';
  mean!: tfl.LayerVariable;
  std!: tfl.LayerVariable;

  override build(shape: tfl.Shape | tfl.Shape[]): void {
    const size = [(shape as number[]).at(-1) as number];
    const make = (name: string, start: 'zeros' | 'ones') =>
      this.addWeight(name, size, 'float32', tfl.initializers[start](), undefined, false);
    this.mean = make('mean', 'zeros');
    this.std = make('std', 'ones');
    this.built = true;
  }

  setScale(mean: Float32Array, std: Float32Array): void {
    this.setWeights([tf.tensor1d(mean), tf.tensor1d(std)]);
  }

  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape {
    return shape as tfl.Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.tidy(() => {
      const scaled = tf.div(tf.sub(x, this.mean.read()), this.std.read());
      return tf.clipByValue(scaled, -STANDARD_LIMIT, STANDARD_LIMIT);
    });
  }
}
export const STANDARD_LIMIT = 4;

for (const layer of [WindowStatistics, ChunkStatistics, LogSteps, Standardise])
  tf.serialization.registerClass(layer as never);
export const featureLayers = [WindowStatistics, ChunkStatistics, LogSteps] as const;
