import type { Random } from '../simulate/random.ts';
import { permutation } from './seeded.ts';
import type { Batch } from './step.ts';

/** Windows [count, steps, channels] with their targets [count, labels] (one-hot or soft; rows sum to 1). */
export interface Examples {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Which windows go into a step, and what is done to them. */
export interface BatchOptions extends Examples {
  /** At most this many windows a step; the whole set where it is larger. */
  readonly batchSize: number;
  /** [count] factors of the loss, by window. */
  readonly sampleWeights?: Float32Array;
  /** [count] draw windows with these chances, with replacement, in place of going once through all of them. */
  readonly chances?: Float32Array;
  /** Steps an epoch where `chances` are given; default: as many as one pass would take. */
  readonly stepsPerEpoch?: number;
  /** Changes the batch in place, which is a copy. `indices` says which windows it holds. */
  readonly augment?: (
    batch: { x: Float32Array; y: Float32Array; indices: Uint32Array },
    random: Random,
  ) => void;
}

/** Deals windows into batches. */
export class Batches {
  readonly count: number;
  readonly labels: number;
  /** Numbers of a window: steps x channels. */
  readonly size: number;
  /** Steps of an epoch. */
  readonly steps: number;
  readonly #options: BatchOptions;
  readonly #batchSize: number;
  readonly #cumulative: Float64Array | undefined;

  /** `size`: numbers of a window. Throws an Error where x or y do not fit the model. */
  constructor(options: BatchOptions, size: number, labels: number) {
    const { x, y, chances, batchSize, stepsPerEpoch } = options;
    this.#options = options;
    this.size = size;
    this.labels = labels;
    this.count = x.length / size;
    if (!Number.isInteger(this.count) || y.length !== this.count * labels) {
      throw new Error(
        `x has ${x.length} numbers and y ${y.length}; the model takes ${size} and gives ${labels}`,
      );
    }
    this.#batchSize = Math.min(batchSize, this.count);
    this.#cumulative = chances && cumulative(chances);
    const perPass = Math.ceil(this.count / this.#batchSize);
    this.steps = chances ? (stepsPerEpoch ?? perPass) : perPass;
  }

  /** The windows of an epoch, by index, in the order in which they are learnt from. */
  order(random: Random): Uint32Array {
    if (!this.#cumulative) return permutation(this.count, random);
    return draw(this.#cumulative, this.steps * this.#batchSize, random);
  }

  /** The windows of a step (from 0) of an epoch, copied and augmented. */
  at(order: Uint32Array, step: number, random: Random): Batch & { readonly indices: Uint32Array } {
    const { x, y, sampleWeights, augment } = this.#options;
    const { size, labels } = this;
    const indices = order.subarray(step * this.#batchSize, (step + 1) * this.#batchSize);
    const batch = {
      count: indices.length,
      x: new Float32Array(indices.length * size),
      y: new Float32Array(indices.length * labels),
      weights: sampleWeights && Float32Array.from(indices, (i) => sampleWeights[i]),
      indices,
    };
    indices.forEach((index, b) => {
      batch.x.set(x.subarray(index * size, (index + 1) * size), b * size);
      batch.y.set(y.subarray(index * labels, (index + 1) * labels), b * labels);
    });
    augment?.(batch, random);
    return batch;
  }
}

function cumulative(chances: Float32Array): Float64Array {
  let sum = 0;
  return Float64Array.from(chances, (chance) => {
    sum += chance;
    return sum;
  });
}

/** `count` indices, each as likely as its share of the cumulative sum. */
function draw(sums: Float64Array, count: number, random: Random): Uint32Array {
  const total = sums[sums.length - 1];
  return Uint32Array.from({ length: count }, () => {
    const at = random.uniform() * total;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
