/**
 * A loaded model. `classify` takes a window of `steps` x `channels` in the card's units, before normalisation, and
 * gives one probability a label after scaling; they sum to 1. It throws where the model gives no numbers.
 */
export interface Classifier {
  /** For people: engine and version, such as `onnxruntime-node 1.30.0`. */
  readonly engine: string;
  /** Why it is not the fastest engine, where it is not. */
  readonly notice?: string | undefined;
  classify(window: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}
