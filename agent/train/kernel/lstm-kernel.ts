/** Sizes of one pass over a batch of sequences. */
export interface LstmShape {
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
  /** Read the sequence from its end; outputs stay in the order in which they were computed. */
  readonly reverse: boolean;
  /** Output h of every step, [batch, steps, units], or of the last one only, [batch, units]. */
  readonly every: boolean;
}

/** Weights as TensorFlow.js and Keras keep them, row-major, gates in the order i, f, g, o. */
export interface LstmWeights {
  /** [inputs, 4 units] */
  readonly kernel: Float32Array;
  /** [units, 4 units] */
  readonly recurrent: Float32Array;
  /** [4 units] */
  readonly bias: Float32Array;
}

export interface LstmGradients extends LstmWeights {
  /** [batch, steps, inputs]; absent where it was not asked for. */
  readonly input?: Float32Array;
}

/** One forward pass. Holds its activations until `backward` or `release` (either once; `release` may follow). */
export interface LstmRun {
  readonly output: Float32Array;
  /** Gradients of sum(output * dOutput); the input's only where `wantInput`. */
  backward(dOutput: Float32Array, wantInput: boolean): LstmGradients;
  release(): void;
}

/** Gates are sigmoid, the cell's input and output tanh; the state starts at 0. `input` is [batch, steps, inputs]. */
export interface LstmKernel {
  readonly name: string;
  forward(shape: LstmShape, input: Float32Array, weights: LstmWeights): LstmRun;
}
