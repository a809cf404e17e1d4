/**
 * How often the model is right now, without labels. Calibrated confidence would be the answer (CBPE, as NannyML calls
 * it) if the input were what the calibration was made on; on another current the model is as sure and wrong. So each
 * window's chance to be right is a logistic function of its confidence and of signs that the input has moved: the
 * distance to known windows, the guessed gain, and the gain that the converter's lattice shows. It is fitted when the
 * card is made, on held-out windows as they are and disturbed (fit-accuracy.ts). Pure, constant memory.
 */
export interface AccuracyModel {
  /** One a term, in the order of `termsOf`. */
  weights: number[];
  /** Standard deviation of (estimated - true accuracy) over the recordings and disturbances of the fit. */
  spread: number;
  /** Mean number of windows of those recordings: errors within so many windows go together. */
  run: number;
}

/** Signs of one window. */
export interface AccuracyInput {
  /** Index of the most likely label, and its calibrated probability. */
  readonly labelIndex: number;
  readonly confidence: number;
  /** To the known windows, in standard deviations of the reference's distances. */
  readonly distance: number;
  /** Guessed gain (gain.ts); NaN where there is none. */
  readonly gain: number;
  /** Gain that the lattice of the converter shows; NaN where there is no lattice. */
  readonly latticeGain: number;
}

export interface EstimatedAccuracy {
  /** Estimated share of right labels among the last windows. */
  readonly value: number;
  /** It lies between these in 95 of 100 cases. */
  readonly low: number;
  readonly high: number;
  /** Windows that the estimate is of. */
  readonly windows: number;
}

/** Windows that the published estimate looks back on. */
const lookBack = 60;
/** Weight of the newest window in the smoothed signs, once there are enough windows. */
const newest = 0.05;
const mostLogit = 5;

/** Numbers that the chance depends on, constant first. */
export function termsOf(labels: number): number {
  return 8 + 2 * labels;
}

/** Follows a stream of windows. Allocates nothing but its result. */
export class AccuracyEstimator {
  readonly #model: AccuracyModel;
  readonly #signs: AccuracySigns;
  readonly #chances = new Float64Array(lookBack);
  #windows = 0;

  constructor(model: AccuracyModel, labels: number) {
    if (model.weights.length !== termsOf(labels))
      throw new RangeError(`weights: found ${model.weights.length}, expected ${termsOf(labels)}`);
    this.#model = model;
    this.#signs = new AccuracySigns(labels);
  }

  reset(): void {
    this.#signs.reset();
    this.#windows = 0;
  }

  /** Chance that this window's label is right. */
  get chance(): number {
    return this.#windows === 0 ? Number.NaN : this.#chances[(this.#windows - 1) % lookBack];
  }

  push(input: AccuracyInput): EstimatedAccuracy {
    const terms = this.#signs.push(input);
    let sum = 0;
    for (let t = 0; t < terms.length; t++) sum += terms[t] * this.#model.weights[t];
    this.#chances[this.#windows % lookBack] = 1 / (1 + Math.exp(-sum));
    this.#windows++;
    const windows = Math.min(this.#windows, lookBack);
    let mean = 0;
    for (let i = 0; i < windows; i++) mean += this.#chances[i] / windows;
    return withInterval(this.#model, mean, windows);
  }
}

/**
 * Mean chance of `windows` windows with its 95 % interval: the error of the chances, which is alike within a recording,
 * and that of a share of so many windows, of which those of a recording count as few.
 */
export function withInterval(
  { spread, run }: Pick<AccuracyModel, 'spread' | 'run'>,
  value: number,
  windows: number,
): EstimatedAccuracy {
  const recordings = Math.max(1, windows / run);
  const half = 1.96 * (spread / Math.sqrt(recordings));
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half), windows };
}

/** Turns a stream of windows into the terms of the logistic function. */
export class AccuracySigns {
  readonly #labels: number;
  readonly #terms: Float64Array;
  #distance = 0;
  #logGain = 0;
  #windows = 0;

  constructor(labels: number) {
    this.#labels = labels;
    this.#terms = new Float64Array(termsOf(labels));
  }

  reset(): void {
    this.#distance = 0;
    this.#logGain = 0;
    this.#windows = 0;
  }

  /** In an array that the next call overwrites. */
  push({ labelIndex, confidence, distance, gain, latticeGain }: AccuracyInput): Float64Array {
    this.#windows++;
    // Means of what came so far at first, fading later; before there is anything, all is as the reference.
    const weight = Math.max(newest, 1 / (this.#windows + 4));
    this.#distance += weight * (Math.min(distance, 10) - this.#distance);
    if (!Number.isNaN(gain)) this.#logGain += weight * (Math.log(gain) - this.#logGain);
    const lattice = Number.isNaN(latticeGain) ? 0 : Math.log(latticeGain);
    const [more, less] = [Math.max(0, lattice), Math.max(0, -lattice)];
    const p = Math.min(0.999, Math.max(0.001, confidence));
    const logit = Math.max(-mostLogit, Math.min(mostLogit, Math.log(p / (1 - p))));
    const terms = this.#terms.fill(0);
    terms[0] = 1;
    terms[1] = logit;
    terms[2] = Math.max(0, this.#distance);
    // The guess means something only where the lattice does not say what the gain is.
    terms[3] = more + less > 0 ? 0 : Math.max(0, this.#logGain);
    terms[4] = more + less > 0 ? 0 : Math.max(0, -this.#logGain);
    terms[5] = logit * (more + less);
    terms[6] = Math.min(10, Math.max(0, distance));
    terms[7] = logit * Math.abs(this.#logGain);
    terms[8 + labelIndex] = more;
    terms[8 + this.#labels + labelIndex] = less;
    return terms;
  }
}
