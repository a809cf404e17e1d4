/**
 * The operations that fixed features are made of. Written once against this interface, a feature runs in TensorFlow.js
 * (training, and where ONNX Runtime is missing) and is written to ONNX as the same chain of operations. Tensors are
 * [batch, steps, channels] unless said otherwise; a number stands for itself in every element.
 */
export interface Ops<T> {
  add(a: T, b: T | number): T;
  sub(a: T, b: T | number): T;
  mul(a: T, b: T | number): T;
  div(a: T, b: T): T;
  abs(a: T): T;
  sqrt(a: T): T;
  log(a: T): T;
  /** The larger of each element and 0. */
  relu(a: T): T;
  clip(a: T, low: number, high: number): T;
  /** 1 where an element is below the limit, else 0. */
  below(a: T, limit: number): T;
  /** Over all steps; keeps the axis: [batch, 1, channels]. */
  mean(a: T): T;
  max(a: T): T;
  min(a: T): T;
  /** Steps `from` to `to` (not included; negative counts from the end, undefined is the end). */
  steps(a: T, from: number, to?: number): T;
  /** One channel, [batch, steps, 1]. */
  channel(a: T, index: number): T;
  /** One after the other along the steps. */
  joinSteps(parts: readonly T[]): T;
  /** Side by side along the last axis. */
  join(parts: readonly T[]): T;
  /** Mean or largest of `size` steps, every `hop` steps. */
  meanOf(a: T, size: number, hop: number): T;
  maxOf(a: T, size: number, hop: number): T;
  /**
   * For every threshold the mean over time of clip((a - threshold) / width + 1/2, 0, 1): a distribution function with soft
   * steps. [batch, channels x thresholds]
   */
  share(a: T, thresholds: readonly number[], width: number): T;
  /** [batch, steps, channels] to [batch, steps x channels]. */
  flat(a: T): T;
}
