import { DataError } from '../errors.ts';
import type { Random } from '../simulate/random.ts';
import { type Checkpoint, readCheckpoint, restore, writeCheckpoint } from './checkpoint.ts';
import type { EpochResult } from './epoch-result.ts';
import { lstmKernel } from './kernel/choose.ts';
import { Optimiser, type OptimiserSpec } from './optimiser.ts';
import { permutation, randomAt } from './seeded.ts';
import { type Batch, crossEntropy, predict, scoreOf, trainStep } from './step.ts';
import { tf, type tfl } from './tensorflow.ts';

/** Windows [count, steps, channels] with their targets [count, labels] (one-hot or soft; rows sum to 1). */
export interface Examples {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export interface FitOptions extends Examples {
  /** Probabilities out (a softmax last). Trained in place. */
  readonly model: tfl.LayersModel;
  readonly validation?: Examples;
  readonly epochs: number;
  /** At most this many windows a step; the whole set where it is larger. */
  readonly batchSize: number;
  readonly optimiser: OptimiserSpec;
  /** Of order, dropout and augmentation; weights are made by whoever makes the model. */
  readonly seed: number;
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
  /** Factor of the learning rate at a share of the run, 0 to 1 (a schedule). */
  readonly schedule?: (share: number) => number;
  /** Keep an exponential mean of the weights with this decay and end with it. */
  readonly averageDecay?: number;
  /** Stop when the validation loss (or the training loss) has not fallen for this many epochs; take the best weights. */
  readonly patience?: number;
  /** Write the whole state here every `every` epochs; where the file is there already, go on from it. */
  readonly checkpoint?: { readonly file: string; readonly every: number };
  /** Called after every epoch; a promise is waited for, and `false` stops the run. */
  readonly onEpoch?: (result: EpochResult) => unknown;
}

export interface FitResult {
  readonly history: EpochResult[];
  /** Why it ended. */
  readonly stopped: 'epochs' | 'patience' | 'caller';
  /** Epoch whose weights the model has now. */
  readonly bestEpoch: number;
  /** [count] loss of each window, mean over the epochs: what stays hard to learn may have the wrong label. */
  readonly windowLoss: Float32Array;
}

/**
 * Trains a model. Everything random in a step follows from the seed, the epoch and the step alone, so a run that goes on
 * from a checkpoint ends with the same weights, to the last bit, as one that was never interrupted.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const run = new Run(options);
  try {
    return await run.toEnd();
  } finally {
    run.dispose();
  }
}

class Run {
  readonly #o: FitOptions;
  readonly #optimiser: Optimiser;
  readonly #count: number;
  readonly #labels: number;
  readonly #size: number;
  readonly #cumulative: Float64Array | undefined;
  readonly #history: EpochResult[] = [];
  #best: { epoch: number; score: number; weights: Float32Array[] } | undefined;
  #average: Float32Array[] | undefined;
  #steps = 0;
  /** [count] sum of the losses of each window, and how often it was seen. */
  #windowLoss: Float32Array;
  #seen: Float32Array;

  constructor(options: FitOptions) {
    this.#o = options;
    this.#optimiser = new Optimiser(options.optimiser);
    this.#size = (options.model.inputs[0].shape.slice(1) as number[]).reduce((a, b) => a * b, 1);
    this.#count = options.x.length / this.#size;
    this.#labels = options.y.length / this.#count;
    if (!Number.isInteger(this.#count) || this.#labels !== options.model.outputs[0].shape.at(-1)) {
      throw new Error(
        `x has ${options.x.length} numbers and y ${options.y.length}; the model takes ${this.#size} and gives ${options.model.outputs[0].shape.at(-1)}`,
      );
    }
    this.#windowLoss = new Float32Array(this.#count);
    this.#seen = new Float32Array(this.#count);
    if (options.chances) {
      let sum = 0;
      this.#cumulative = Float64Array.from(options.chances, (chance) => {
        sum += chance;
        return sum;
      });
    }
  }

  async toEnd(): Promise<FitResult> {
    const o = this.#o;
    await this.#resume();
    let stopped: FitResult['stopped'] = 'epochs';
    for (let epoch = this.#history.length + 1; epoch <= o.epochs; epoch++) {
      if (this.#outOfPatience(epoch)) {
        stopped = 'patience';
        break;
      }
      const result = this.#epoch(epoch);
      if (!Number.isFinite(result.loss)) throw new DataError(notFinite(epoch, result.loss));
      this.#history.push(result);
      this.#remember(result);
      if (o.checkpoint && (epoch % o.checkpoint.every === 0 || epoch === o.epochs)) await this.#save();
      if ((await o.onEpoch?.(result)) === false) {
        stopped = 'caller';
        break;
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const windowLoss = this.#windowLoss.map((sum, i) => (this.#seen[i] > 0 ? sum / this.#seen[i] : 0));
    return { history: this.#history, stopped, bestEpoch: this.#finish(), windowLoss };
  }

  dispose(): void {
    this.#optimiser.dispose();
  }

  #epoch(epoch: number): EpochResult {
    const o = this.#o;
    const random = randomAt(o.seed, epoch);
    const batchSize = Math.min(o.batchSize, this.#count);
    const perPass = Math.ceil(this.#count / batchSize);
    const steps = this.#cumulative ? (o.stepsPerEpoch ?? perPass) : perPass;
    const order = this.#cumulative ? this.#draw(steps * batchSize, random) : permutation(this.#count, random);
    let [loss, correct] = [0, 0];
    for (let step = 0; step < steps; step++) {
      const indices = order.subarray(step * batchSize, Math.min((step + 1) * batchSize, order.length));
      const own = randomAt(o.seed, epoch, step);
      const batch = this.#batch(indices, own);
      const rate = o.schedule?.((epoch - 1 + step / steps) / o.epochs) ?? 1;
      const result = trainStep(o.model, this.#optimiser, batch, own, rate);
      this.#steps++;
      this.#updateAverage();
      indices.forEach((index, b) => {
        this.#windowLoss[index] += crossEntropy(result.probabilities, batch.y, b, this.#labels);
        this.#seen[index]++;
      });
      loss += result.loss * indices.length;
      correct += result.correct;
    }
    const own = { epoch, loss: loss / order.length, accuracy: correct / order.length };
    if (!o.validation) return own;
    const scores = this.#withAverage(() => {
      const { x, y } = o.validation!;
      return scoreOf(predict(o.model, x), y, x.length / this.#size);
    });
    return { ...own, valLoss: scores.loss, valAccuracy: scores.accuracy };
  }

  #draw(n: number, random: Random): Uint32Array {
    const cumulative = this.#cumulative!;
    const total = cumulative[cumulative.length - 1];
    return Uint32Array.from({ length: n }, () => {
      const at = random.uniform() * total;
      let [low, high] = [0, cumulative.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (cumulative[middle] <= at) low = middle + 1;
        else high = middle;
      }
      return low;
    });
  }

  #batch(indices: Uint32Array, random: Random): Batch {
    const { x, y, sampleWeights, augment } = this.#o;
    const [size, labels] = [this.#size, this.#labels];
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

  #updateAverage(): void {
    const decay = this.#o.averageDecay;
    if (decay === undefined) return;
    const now = weightsOf(this.#o.model);
    if (!this.#average) {
      this.#average = now.map((w) => w.slice());
      return;
    }
    // A short memory at first, so that the start does not weigh on a short run.
    const keep = Math.min(decay, this.#steps / (this.#steps + 9));
    this.#average.forEach((mean, i) => {
      for (let k = 0; k < mean.length; k++) mean[k] = keep * mean[k] + (1 - keep) * now[i][k];
    });
  }

  /** Runs `work` with the averaged weights in the model. */
  #withAverage<T>(work: () => T): T {
    if (!this.#average) return work();
    const now = weightsOf(this.#o.model).map((w) => w.slice());
    setWeights(this.#o.model, this.#average);
    try {
      return work();
    } finally {
      setWeights(this.#o.model, now);
    }
  }

  #remember(result: EpochResult): void {
    if (this.#o.patience === undefined) return;
    const score = result.valLoss ?? result.loss;
    if (this.#best && !(score < this.#best.score)) return;
    const weights = (this.#average ?? weightsOf(this.#o.model)).map((w) => w.slice());
    this.#best = { epoch: result.epoch, score, weights };
  }

  #outOfPatience(epoch: number): boolean {
    const { patience } = this.#o;
    return patience !== undefined && this.#best !== undefined && epoch - 1 - this.#best.epoch >= patience;
  }

  #finish(): number {
    if (this.#best) setWeights(this.#o.model, this.#best.weights);
    else if (this.#average) setWeights(this.#o.model, this.#average);
    return this.#best?.epoch ?? this.#history.length;
  }

  async #save(): Promise<void> {
    const state: Checkpoint = {
      seed: this.#o.seed,
      kernel: lstmKernel().name,
      steps: this.#steps,
      history: this.#history,
      best: this.#best,
      average: this.#average,
      windowLoss: this.#windowLoss,
      seen: this.#seen,
      weights: weightsOf(this.#o.model),
      optimiser: (await this.#optimiser.state()).map(({ name, tensor }) => ({
        name,
        shape: tensor.shape,
        values: Float32Array.from(tensor.dataSync()),
      })),
    };
    writeCheckpoint(this.#o.checkpoint!.file, state);
  }

  async #resume(): Promise<void> {
    const file = this.#o.checkpoint?.file;
    const state = file === undefined ? undefined : readCheckpoint(file);
    if (!file || !state) return;
    restore(file, state, this.#o.seed, weightsOf(this.#o.model));
    setWeights(this.#o.model, state.weights);
    await this.#optimiser.restore(
      state.optimiser.map(({ name, shape, values }) => ({
        name,
        tensor:
          name === 'iter' ? tf.tensor(Int32Array.from(values), shape, 'int32') : tf.tensor(values, shape),
      })),
    );
    this.#history.push(...state.history);
    this.#steps = state.steps;
    this.#best = state.best;
    this.#average = state.average;
    this.#windowLoss = state.windowLoss;
    this.#seen = state.seen;
  }
}

const notFinite = (epoch: number, loss: number) => ({
  file: 'training',
  key: `epoch ${epoch}`,
  found: `a loss of ${loss}`,
  expected: 'a number: try a lower learning rate, and look for values that are not numbers in the data',
});

/** The model's own arrays, trainable or not, in the order of `getWeights`: copy them before the next step. */
function weightsOf(model: tfl.LayersModel): Float32Array[] {
  return model.weights.map((w) => (w as unknown as { val: tf.Variable }).val.dataSync() as Float32Array);
}

function setWeights(model: tfl.LayersModel, values: readonly Float32Array[]): void {
  model.weights.forEach((w, i) => {
    const variable = (w as unknown as { val: tf.Variable }).val;
    tf.tidy(() => variable.assign(tf.tensor(values[i].slice(), variable.shape)));
  });
}
