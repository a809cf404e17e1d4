export interface SmootherOptions {
  readonly labels: number;
  /** Chance that the surface is the same in the next window; the rest is shared evenly by the other labels. */
  readonly stay?: number;
  /** Instead of `stay`: row = from, column = to, rows sum to 1 (see transitions.ts). */
  readonly transitions?: readonly (readonly number[])[];
  /**
   * How much of a window is new: its likelihood is raised to this power. Windows that follow each other overlap and
   * are driven on the same ground, so counting each in full makes the filter too sure. The first window counts fully.
   */
  readonly evidence?: number;
}

/** What a likelihood can at most say against a label: one mad window must not outvote all others. */
const floor = 1e-3;

/**
 * Forward (Bayes) filter of a hidden Markov model whose states are the surfaces: belief = transition of the last
 * belief x likelihood of this window. The model's probabilities stand for the likelihood (equal priors). Right from
 * the first window: without history the belief is the model's own output. Allocates nothing after construction.
 */
export class Smoother {
  readonly #transitions: Float64Array;
  readonly #evidence: number;
  readonly #labels: number;
  readonly #next: Float64Array;
  readonly #belief: Float64Array;
  #fresh = true;

  constructor(options: SmootherOptions) {
    const { labels: n, stay = 0.9, transitions, evidence = 1 } = options;
    if (!(stay > 0 && stay <= 1)) throw new RangeError(`stay: found ${stay}, expected 0 < stay <= 1`);
    if (!(evidence > 0 && evidence <= 1))
      throw new RangeError(`evidence: found ${evidence}, expected 0 < evidence <= 1`);
    this.#labels = n;
    this.#evidence = evidence;
    this.#transitions = new Float64Array(n * n);
    for (let from = 0; from < n; from++) {
      for (let to = 0; to < n; to++) {
        const even = from === to ? stay : (1 - stay) / (n - 1);
        this.#transitions[from * n + to] = transitions ? transitions[from][to] : even;
      }
      const sum = this.#transitions.subarray(from * n, from * n + n).reduce((a, b) => a + b, 0);
      // Written so that NaN, which a matrix of another size gives, fails.
      if (!(Math.abs(sum - 1) <= 1e-6))
        throw new RangeError(`transitions: row ${from} sums to ${sum}, expected 1`);
    }
    this.#next = new Float64Array(n);
    this.#belief = new Float64Array(n);
  }

  /** Forgets everything: after a gap, what was before says nothing. */
  reset(): void {
    this.#fresh = true;
  }

  /** Takes the probabilities of one window; gives the smoothed ones, in an array that the next call overwrites. */
  push(probabilities: ArrayLike<number>): Float64Array {
    const n = this.#labels;
    const belief = this.#belief;
    const next = this.#next;
    if (this.#fresh) {
      for (let k = 0; k < n; k++) next[k] = probabilities[k];
    } else {
      for (let to = 0; to < n; to++) {
        let prior = 0;
        for (let from = 0; from < n; from++) prior += belief[from] * this.#transitions[from * n + to];
        next[to] = prior * Math.max(probabilities[to], floor) ** this.#evidence;
      }
    }
    let sum = 0;
    for (let k = 0; k < n; k++) sum += next[k];
    for (let k = 0; k < n; k++) belief[k] = sum > 0 ? next[k] / sum : 1 / n;
    this.#fresh = false;
    return belief;
  }
}
