import type { Metrics } from './card.ts';

/** Equal-width bins of confidence for the expected calibration error (Guo et al. 2017 use 15). */
const ECE_BINS = 15;

/** One bin of a reliability diagram: how sure it was, how often it was right. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Means over the bin's windows; null where it is empty. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

/** Scores of a set of predictions; the card's `Metrics` but for the number of recordings, and more. */
export interface Scores extends Omit<Metrics, 'recordings'> {
  /** Multi-class Brier score: mean squared distance to the one-hot truth, 0 (best) to 2. */
  readonly brier: number;
  readonly reliability: readonly ReliabilityBin[];
}

/**
 * Collects predictions one at a time, in constant memory, and scores them. Definitions are scikit-learn's: balanced
 * accuracy is the mean recall over the classes that occur in the truth, macro F1 the mean over the classes that occur
 * in the truth or in the predictions. A class that never occurred has recall null.
 */
export class MetricsAccumulator {
  readonly #labels: readonly string[];
  readonly #confusion: number[][];
  readonly #binCount = new Float64Array(ECE_BINS);
  readonly #binConfidence = new Float64Array(ECE_BINS);
  readonly #binCorrect = new Float64Array(ECE_BINS);
  #brierSum = 0;
  #windows = 0;

  constructor(labels: readonly string[]) {
    this.#labels = labels;
    this.#confusion = labels.map(() => new Array<number>(labels.length).fill(0));
  }

  get windows(): number {
    return this.#windows;
  }

  /** `truth` is the index of the true label, `probabilities` one number a label. */
  add(truth: number, probabilities: ArrayLike<number>): void {
    if (!(truth >= 0 && truth < this.#labels.length)) throw new RangeError(`no label ${truth}`);
    let best = 0;
    let brier = 0;
    for (let k = 0; k < this.#labels.length; k++) {
      if (probabilities[k] > probabilities[best]) best = k;
      const miss = probabilities[k] - (k === truth ? 1 : 0);
      brier += miss * miss;
    }
    const confidence = probabilities[best];
    const bin = Math.min(ECE_BINS - 1, Math.max(0, Math.ceil(confidence * ECE_BINS) - 1));
    this.#binCount[bin]++;
    this.#binConfidence[bin] += confidence;
    if (best === truth) this.#binCorrect[bin]++;
    this.#confusion[truth][best]++;
    this.#brierSum += brier;
    this.#windows++;
  }

  /** Throws a RangeError before the first prediction: there is nothing to score. */
  result(): Scores {
    const n = this.#windows;
    if (n === 0) throw new RangeError('no predictions to score');
    let correct = 0;
    let recallSum = 0;
    let present = 0;
    let f1Sum = 0;
    let seen = 0;
    const perClassRecall: Record<string, number | null> = {};
    this.#labels.forEach((label, k) => {
      const hits = this.#confusion[k][k];
      const truths = this.#confusion[k].reduce((a, b) => a + b, 0);
      const predicted = this.#confusion.reduce((sum, row) => sum + row[k], 0);
      correct += hits;
      perClassRecall[label] = truths > 0 ? hits / truths : null;
      if (truths > 0) {
        recallSum += hits / truths;
        present++;
      }
      if (truths + predicted > 0) {
        f1Sum += (2 * hits) / (truths + predicted);
        seen++;
      }
    });
    const reliability = this.#reliability();
    return {
      windows: n,
      accuracy: correct / n,
      balancedAccuracy: recallSum / present,
      macroF1: f1Sum / seen,
      ece: reliability.reduce(
        (s, b) => s + (b.count / n) * Math.abs((b.confidence ?? 0) - (b.accuracy ?? 0)),
        0,
      ),
      brier: this.#brierSum / n,
      perClassRecall,
      confusion: this.#confusion.map((row) => [...row]),
      reliability,
    };
  }

  #reliability(): ReliabilityBin[] {
    return Array.from(this.#binCount, (count, b) => ({
      from: b / ECE_BINS,
      to: (b + 1) / ECE_BINS,
      count,
      confidence: count > 0 ? this.#binConfidence[b] / count : null,
      accuracy: count > 0 ? this.#binCorrect[b] / count : null,
    }));
  }
}

/** Scores a whole set at once: `truth[i]` is the label index of row `i` of `probabilities`. */
export function score(
  labels: readonly string[],
  truth: ArrayLike<number>,
  probabilities: ArrayLike<ArrayLike<number>>,
): Scores {
  const metrics = new MetricsAccumulator(labels);
  for (let i = 0; i < truth.length; i++) metrics.add(truth[i], probabilities[i]);
  return metrics.result();
}

/** What the card keeps of the scores. */
export function forCard(scores: Scores, recordings: number): Metrics {
  const { windows, accuracy, balancedAccuracy, macroF1, ece, brier, perClassRecall, confusion } = scores;
  return { windows, recordings, accuracy, balancedAccuracy, macroF1, ece, brier, perClassRecall, confusion };
}
