/**
 * The last minute of readings for the eye: buckets of fixed length with minimum, maximum and mean a channel. Any
 * sample rate costs the same memory, and `push` allocates nothing.
 */
export class TraceRing {
  readonly channels: number;
  readonly bucketMs: number;
  readonly capacity: number;
  readonly #timesMs: Float64Array;
  /** minimum, maximum, mean by channel, bucket after bucket. */
  readonly #values: Float32Array;
  readonly #sums: Float64Array;
  #count = 0;
  #bucket = Number.NaN;
  /** Buckets begun so far; the newest is still open. */
  #begun = 0;

  constructor(channels: number, bucketMs = 40, capacity = 1500) {
    this.channels = channels;
    this.bucketMs = bucketMs;
    this.capacity = capacity;
    this.#timesMs = new Float64Array(capacity);
    this.#values = new Float32Array(capacity * channels * 3);
    this.#sums = new Float64Array(channels);
  }

  /** `values`: one a channel, in the channel's unit. Time may not run backwards; a reading that does is left out. */
  push(timeMs: number, values: ArrayLike<number>): void {
    const bucket = Math.floor(timeMs / this.bucketMs);
    if (bucket < this.#bucket) return;
    if (bucket !== this.#bucket) {
      this.#bucket = bucket;
      this.#begun++;
      this.#count = 0;
      this.#sums.fill(0);
      this.#timesMs[(this.#begun - 1) % this.capacity] = bucket * this.bucketMs;
    }
    this.#count++;
    let at = ((this.#begun - 1) % this.capacity) * this.channels * 3;
    for (let channel = 0; channel < this.channels; channel++, at += 3) {
      const value = values[channel];
      this.#sums[channel] += value;
      const first = this.#count === 1;
      if (first || value < this.#values[at]) this.#values[at] = value;
      if (first || value > this.#values[at + 1]) this.#values[at + 1] = value;
      this.#values[at + 2] = this.#sums[channel] / this.#count;
    }
  }

  /** Closed buckets so far: a client that has seen `n` asks for those from `n` on. */
  get closed(): number {
    return Math.max(0, this.#begun - 1);
  }

  /** Rows `[timeMs, min, max, mean, min, max, mean, ...]` of the closed buckets from number `from` on, those that are still held. */
  rows(from: number): number[][] {
    const rows: number[][] = [];
    for (let i = Math.max(from, this.#begun - this.capacity); i < this.closed; i++) {
      const slot = i % this.capacity;
      const row = [this.#timesMs[slot]];
      const width = this.channels * 3;
      for (let k = slot * width; k < (slot + 1) * width; k++) row.push(round(this.#values[k]));
      rows.push(row);
    }
    return rows;
  }
}

/** Four significant digits are more than a screen shows. */
function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : 0;
}
