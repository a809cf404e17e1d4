import { UserError } from '../errors.ts';
import { fusedUpdate } from './fused-update.ts';
import { tf } from './tensorflow.ts';

/** What the command line and the cards write: name and settings of one of TensorFlow.js's optimisers. */
export interface OptimiserSpec {
  readonly kind: 'rmsprop' | 'adam' | 'sgd';
  readonly learningRate: number;
  /** RMSprop: decay of the mean square, 0.9. */
  readonly rho?: number;
  /** SGD and RMSprop: 0. */
  readonly momentum?: number;
  /** Adam: decay of the two means, 0.9 and 0.999. */
  readonly beta1?: number;
  readonly beta2?: number;
  /** Decoupled weight decay (Loshchilov and Hutter 2019), of matrices, not of biases: 0. */
  readonly weightDecay?: number;
  /** Gradients are scaled down to this norm, all together; absent: never. */
  readonly clipNorm?: number;
}

/** What of an optimiser changes in a run, so that it can be written down and put back to the last bit. */
interface Stateful {
  learningRate: number;
  /** SGD keeps its rate as a tensor. */
  setLearningRate?(rate: number): void;
  accBeta1?: tf.Variable;
  accBeta2?: tf.Variable;
}

export function describeOptimiser(spec: OptimiserSpec): string {
  const { kind, learningRate, rho, momentum, beta1, beta2, weightDecay, clipNorm } = spec;
  const settings = Object.entries({ lr: learningRate, rho, momentum, beta1, beta2, weightDecay, clipNorm });
  return `${kind}(${settings.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])).join(', ')})`;
}

export class Optimiser {
  readonly spec: OptimiserSpec;
  readonly #inner: tf.Optimizer;

  constructor(spec: OptimiserSpec) {
    this.spec = spec;
    this.#inner = make(spec);
  }

  /** One step; `rate` scales the learning rate (a schedule). Disposes nothing but what it made. */
  apply(variables: readonly tf.Variable[], gradients: tf.NamedTensorMap, rate: number): void {
    const inner = this.#inner as unknown as Stateful;
    if (inner.setLearningRate) inner.setLearningRate(this.spec.learningRate * rate);
    else inner.learningRate = this.spec.learningRate * rate;
    if (this.spec.clipNorm !== undefined) clip(gradients, this.spec.clipNorm);
    if (!fusedUpdate(this.#inner, gradients)) this.#inner.applyGradients(gradients);
    const decay = 1 - this.spec.learningRate * rate * (this.spec.weightDecay ?? 0);
    if (decay === 1) return;
    for (const variable of variables) {
      if (variable.shape.length < 2) continue;
      const values = variable.dataSync();
      for (let i = 0; i < values.length; i++) values[i] *= decay;
    }
  }

  async state(): Promise<{ name: string; tensor: tf.Tensor }[]> {
    const saved = await this.#inner.getWeights();
    const { accBeta1, accBeta2 } = this.#inner as unknown as Stateful;
    const powers = Object.entries({ accBeta1, accBeta2 }).flatMap(([name, tensor]) =>
      tensor ? [{ name, tensor: tensor as tf.Tensor }] : [],
    );
    return [...saved, ...powers];
  }

  async restore(state: { name: string; tensor: tf.Tensor }[]): Promise<void> {
    const inner = this.#inner as unknown as Stateful;
    const isPower = (name: string): name is 'accBeta1' | 'accBeta2' =>
      name === 'accBeta1' || name === 'accBeta2';
    await this.#inner.setWeights(state.filter((s) => !isPower(s.name)));
    for (const { name, tensor } of state) if (isPower(name)) inner[name]?.assign(tensor);
  }

  dispose(): void {
    this.#inner.dispose();
  }
}

function make(spec: OptimiserSpec): tf.Optimizer {
  if (!(spec.learningRate > 0))
    throw new UserError(`learning rate: found ${spec.learningRate}, expected > 0`, 64);
  if (spec.kind === 'adam')
    return tf.train.adam(spec.learningRate, spec.beta1 ?? 0.9, spec.beta2 ?? 0.999, 1e-7);
  if (spec.kind === 'rmsprop')
    return tf.train.rmsprop(spec.learningRate, spec.rho ?? 0.9, spec.momentum ?? 0, 1e-7);
  return spec.momentum
    ? tf.train.momentum(spec.learningRate, spec.momentum)
    : tf.train.sgd(spec.learningRate);
}

function clip(gradients: tf.NamedTensorMap, limit: number): void {
  let square = 0;
  // Two gradients may be one array; it is scaled once.
  const all = [...new Set(Object.values(gradients).map((g) => g.dataSync()))];
  for (const g of Object.values(gradients)) for (const v of g.dataSync()) square += v * v;
  const scale = limit / Math.sqrt(square);
  if (scale < 1) for (const values of all) for (let i = 0; i < values.length; i++) values[i] *= scale;
}
