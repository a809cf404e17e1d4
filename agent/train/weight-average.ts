import { setWeights, weightsOf } from './model-weights.ts';
import type { tfl } from './tensorflow.ts';

/** An exponential mean of a model's weights over the steps of a run. */
export class WeightAverage {
  /** In the order of `weightsOf`; undefined before the first step. */
  mean: Float32Array[] | undefined;
  readonly #model: tfl.LayersModel;
  readonly #decay: number;

  /** `decay`: share of the mean that is left after a step, 0 to 1. */
  constructor(model: tfl.LayersModel, decay: number) {
    this.#model = model;
    this.#decay = decay;
  }

  /** After step number `steps`, from 1. */
  update(steps: number): void {
    const now = weightsOf(this.#model);
    if (!this.mean) {
      this.mean = now.map((w) => w.slice());
      return;
    }
    // A short memory at first, so that the start does not weigh on a short run.
    const keep = Math.min(this.#decay, steps / (steps + 9));
    this.mean.forEach((mean, i) => {
      for (let k = 0; k < mean.length; k++) mean[k] = keep * mean[k] + (1 - keep) * now[i][k];
    });
  }

  /** Runs `work` with the mean in the model, whose own weights are there again afterwards. */
  during<T>(work: () => T): T {
    if (!this.mean) return work();
    const now = weightsOf(this.#model).map((w) => w.slice());
    setWeights(this.#model, this.mean);
    try {
      return work();
    } finally {
      setWeights(this.#model, now);
    }
  }
}
