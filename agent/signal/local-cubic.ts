/**
 * The cubic through the last four samples of each channel, wherever they lie (Lagrange). Unlike a sinc it knows uneven
 * spacing exactly, so it serves where samples are few and jittered. Allocates nothing.
 */
export class LocalCubic {
  /** Positions of the last four samples, oldest first; NaN where there was none. */
  readonly #at = new Float64Array(4).fill(Number.NaN);
  readonly #values: Float64Array;
  readonly #weights = new Float64Array(4);
  readonly #channels: number;

  constructor(channels: number) {
    this.#channels = channels;
    this.#values = new Float64Array(4 * channels);
  }

  /** Between these two positions, the second and third of four, the cubic is good; NaN before four samples. */
  get from(): number {
    return Number.isNaN(this.#at[0]) ? Number.NaN : this.#at[1];
  }

  get to(): number {
    return this.#at[2];
  }

  push(sample: { readonly at: number; readonly values: Float64Array }): void {
    // A second sample at the same place would make the cubic infinite: the newer one stands.
    if (sample.at !== this.#at[3]) {
      this.#at.copyWithin(0, 1);
      this.#values.copyWithin(0, this.#channels);
    }
    this.#at[3] = sample.at;
    this.#values.set(sample.values, 3 * this.#channels);
  }

  /** Writes one value a channel at position `n` to `out`, from index `base` on. */
  evaluate(n: number, out: Float64Array, base: number): void {
    const at = this.#at;
    for (let i = 0; i < 4; i += 1) {
      let weight = 1;
      for (let k = 0; k < 4; k += 1) if (k !== i) weight *= (n - at[k]) / (at[i] - at[k]);
      this.#weights[i] = weight;
    }
    const channels = this.#channels;
    for (let c = 0; c < channels; c += 1) {
      let sum = 0;
      for (let i = 0; i < 4; i += 1) sum += this.#weights[i] * this.#values[i * channels + c];
      out[base + c] = sum;
    }
  }

  reset(): void {
    this.#at.fill(Number.NaN);
  }
}
