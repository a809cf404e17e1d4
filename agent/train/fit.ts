import { DataError } from '../errors.ts';
import { Batches, type BatchOptions, type Examples } from './batches.ts';
import { type Checkpoint, readCheckpoint, restore, writeCheckpoint } from './checkpoint.ts';
import type { EpochResult } from './epoch-result.ts';
import { lstmKernel } from './kernel/choose.ts';
import { setWeights, weightsOf } from './model-weights.ts';
import { Optimiser, type OptimiserSpec } from './optimiser.ts';
import { randomAt } from './seeded.ts';
import { crossEntropy, predict, scoreOf, trainStep } from './step.ts';
import { tf, type tfl } from './tensorflow.ts';
import { WeightAverage } from './weight-average.ts';

export interface FitOptions extends BatchOptions {
  /** Probabilities out (a softmax last). Trained in place. */
  readonly model: tfl.LayersModel;
  readonly validation?: Examples;
  readonly epochs: number;
  readonly optimiser: OptimiserSpec;
  /** Of order, dropout and augmentation; weights are made by whoever makes the model. */
  readonly seed: number;
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
  readonly #batches: Batches;
  readonly #average: WeightAverage | undefined;
  readonly #history: EpochResult[] = [];
  #best: { epoch: number; score: number; weights: Float32Array[] } | undefined;
  #steps = 0;
  /** [count] sum of the losses of each window, and how often it was seen. */
  #windowLoss: Float32Array;
  #seen: Float32Array;

  constructor(options: FitOptions) {
    this.#o = options;
    this.#optimiser = new Optimiser(options.optimiser);
    const { model, averageDecay } = options;
    const size = (model.inputs[0].shape.slice(1) as number[]).reduce((a, b) => a * b, 1);
    this.#batches = new Batches(options, size, model.outputs[0].shape.at(-1) as number);
    if (averageDecay !== undefined) this.#average = new WeightAverage(model, averageDecay);
    this.#windowLoss = new Float32Array(this.#batches.count);
    this.#seen = new Float32Array(this.#batches.count);
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
    const { steps } = this.#batches;
    const order = this.#batches.order(randomAt(o.seed, epoch));
    let [loss, correct] = [0, 0];
    for (let step = 0; step < steps; step++) {
      const random = randomAt(o.seed, epoch, step);
      const batch = this.#batches.at(order, step, random);
      const rate = o.schedule?.((epoch - 1 + step / steps) / o.epochs) ?? 1;
      const result = trainStep(o.model, this.#optimiser, batch, random, rate);
      this.#steps++;
      this.#average?.update(this.#steps);
      batch.indices.forEach((index, b) => {
        this.#windowLoss[index] += crossEntropy(result.probabilities, batch.y, b, this.#batches.labels);
        this.#seen[index]++;
      });
      loss += result.loss * batch.count;
      correct += result.correct;
    }
    const own = { epoch, loss: loss / order.length, accuracy: correct / order.length };
    return o.validation ? { ...own, ...this.#validate(o.validation) } : own;
  }

  #validate({ x, y }: Examples): Pick<EpochResult, 'valLoss' | 'valAccuracy'> {
    const work = () => scoreOf(predict(this.#o.model, x), y, x.length / this.#batches.size);
    const { loss, accuracy } = this.#average ? this.#average.during(work) : work();
    return { valLoss: loss, valAccuracy: accuracy };
  }

  #remember(result: EpochResult): void {
    if (this.#o.patience === undefined) return;
    const score = result.valLoss ?? result.loss;
    if (this.#best && !(score < this.#best.score)) return;
    const weights = (this.#average?.mean ?? weightsOf(this.#o.model)).map((w) => w.slice());
    this.#best = { epoch: result.epoch, score, weights };
  }

  #outOfPatience(epoch: number): boolean {
    const { patience } = this.#o;
    return patience !== undefined && this.#best !== undefined && epoch - 1 - this.#best.epoch >= patience;
  }

  #finish(): number {
    if (this.#best) setWeights(this.#o.model, this.#best.weights);
    else if (this.#average?.mean) setWeights(this.#o.model, this.#average.mean);
    return this.#best?.epoch ?? this.#history.length;
  }

  async #save(): Promise<void> {
    const state: Checkpoint = {
      seed: this.#o.seed,
      kernel: lstmKernel().name,
      steps: this.#steps,
      history: this.#history,
      best: this.#best,
      average: this.#average?.mean,
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
    if (this.#average) this.#average.mean = state.average;
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
