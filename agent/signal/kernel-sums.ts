import type { Kernel } from './kernel.ts';

/** A sample to be added: where it lies, how wide the time is that it stands for, and its values. */
export interface Weighted {
  at: number;
  area: number;
  readonly values: Float64Array;
}

/**
 * Weighted sums of samples at each grid point of a ring, the weight being the kernel at the distance between sample
 * and grid point. Positions are in output periods.
 *
 * Where the kernel's unit is the output period (going down), all samples within one cell of the kernel's table meet each
 * grid point on the same straight piece of the kernel, so their zeroth and first moments are enough: a cell costs one
 * pass over the grid points in reach, however many samples it holds. `flush` brings the last cell in.
 */
export class KernelSums {
  /** By slot and channel; and by slot. */
  readonly sums: Float64Array;
  readonly weights: Float64Array;
  readonly #table: Float64Array;
  /** Table cells in an output period. */
  readonly #fine: number;
  readonly #reach: number;
  readonly #size: number;
  readonly #channels: number;
  readonly #grouped: boolean;
  /** Moments of the cell, by channel; the last is of the weights alone. */
  readonly #zeroth: Float64Array;
  readonly #first: Float64Array;
  #cell = 0;
  #pending = false;

  /** `unit`: output periods in one unit of the kernel; `size`: slots of the ring. */
  constructor(kernel: Kernel, unit: number, channels: number, size: number) {
    this.#table = kernel.table;
    this.#fine = kernel.resolution / unit;
    this.#reach = kernel.halfWidth * unit;
    this.#size = size;
    this.#channels = channels;
    this.#grouped = unit === 1;
    this.sums = new Float64Array(size * channels);
    this.weights = new Float64Array(size);
    this.#zeroth = new Float64Array(channels + 1);
    this.#first = new Float64Array(channels + 1);
  }

  /** Adds a sample to the grid points from `from` on. */
  add(sample: Weighted, from: number): void {
    if (this.#grouped) this.#group(sample, from);
    else this.#spread(sample, from);
  }

  /** Brings in what was added to the last cell, to the grid points from `from` on. */
  flush(from: number): void {
    if (!this.#pending) return;
    this.#pending = false;
    const channels = this.#channels;
    const table = this.#table;
    const fine = this.#fine;
    const zeroth = this.#zeroth;
    const first = this.#first;
    const reach = this.#reach * fine;
    const last = Math.floor((this.#cell + reach) / fine);
    const begin = Math.max(from, Math.ceil((this.#cell - reach) / fine));
    let slot = begin % this.#size;
    for (let n = begin; n <= last; n += 1) {
      // The cell lies right of its grid point (distance grows within it) or left of it (distance falls).
      const ahead = n * fine - this.#cell;
      const i = ahead > 0 ? ahead : -ahead;
      const weight = table[i];
      const slope = table[ahead > 0 ? i - 1 : i + 1] - weight;
      this.weights[slot] += weight * zeroth[channels] + slope * first[channels];
      const base = slot * channels;
      for (let c = 0; c < channels; c += 1) {
        this.sums[base + c] += weight * zeroth[c] + slope * first[c];
      }
      slot = slot + 1 === this.#size ? 0 : slot + 1;
    }
    zeroth.fill(0);
    first.fill(0);
  }

  /** Empties a slot for the grid point that gets it next. */
  clear(slot: number): void {
    this.weights[slot] = 0;
    const base = slot * this.#channels;
    for (let c = 0; c < this.#channels; c += 1) this.sums[base + c] = 0;
  }

  reset(): void {
    this.sums.fill(0);
    this.weights.fill(0);
    this.#zeroth.fill(0);
    this.#first.fill(0);
    this.#pending = false;
  }

  #group({ at, area, values }: Weighted, from: number): void {
    const position = at * this.#fine;
    const cell = Math.floor(position);
    if (cell !== this.#cell) {
      this.flush(from);
      this.#cell = cell;
    }
    this.#pending = true;
    const zeroth = this.#zeroth;
    const first = this.#first;
    const channels = this.#channels;
    const within = position - cell;
    for (let c = 0; c < channels; c += 1) {
      const moment = area * values[c];
      zeroth[c] += moment;
      first[c] += moment * within;
    }
    zeroth[channels] += area;
    first[channels] += area * within;
  }

  #spread({ at, area, values }: Weighted, from: number): void {
    const table = this.#table;
    const channels = this.#channels;
    const last = Math.floor(at + this.#reach);
    const begin = Math.max(from, Math.ceil(at - this.#reach));
    let slot = begin % this.#size;
    for (let n = begin; n <= last; n += 1) {
      const x = Math.abs(n - at) * this.#fine;
      const i = x | 0;
      const weight = area * (table[i] + (x - i) * (table[i + 1] - table[i]));
      this.weights[slot] += weight;
      const base = slot * channels;
      for (let c = 0; c < channels; c += 1) this.sums[base + c] += weight * values[c];
      slot = slot + 1 === this.#size ? 0 : slot + 1;
    }
  }
}
