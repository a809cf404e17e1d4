import type { ChannelCalibration } from './channel-calibration.ts';

/** What a channel's values say about its sensor, over the last block of samples, and counters since the start. */
export interface ChannelReport {
  readonly name: string;
  readonly saturated: boolean;
  readonly stuck: boolean;
  readonly reversed: boolean;
  /** Samples at or beyond the ends of the valid range. */
  readonly outOfRange: number;
  /** Blocks in which the fault was seen. */
  readonly saturatedBlocks: number;
  readonly stuckBlocks: number;
  readonly reversedBlocks: number;
}

/** A block is saturated when this share of it lies at or beyond the range, reversed when half lies below zero. */
const saturatedShare = 0.1;
const reversedShare = 0.5;
/** Blocks without any change before a channel counts as stuck. */
const stuckBlocks = 5;
/** A block with fewer samples says nothing yet and goes on. */
const fewestSamples = 10;
/** Values this near to zero (share of the range) may rest there with motors off. */
const restShare = 0.01;

/**
 * Judges one channel in blocks of samples, from one call of `judge` to the next.
 *
 * - saturated: a tenth of the block lies at or beyond the ends of the valid range;
 * - stuck: the same number through five blocks, although the sensor is known to be noisy or the number is not that
 *   of a motor at rest (a digital sensor may well say 0.00 for hours);
 * - reversed: the range has no negative values, and half of the block lies clearly below zero. Where the range
 *   is two-sided a driver may run either way, and nothing can be said.
 *
 * Allocates nothing.
 */
export class ChannelHealth {
  readonly #calibration: ChannelCalibration;
  readonly #lowEnd: number;
  readonly #high: number;
  readonly #range: number;
  readonly #belowZero: number;
  #seen = 0;
  #out = 0;
  #negative = 0;
  #last = Number.NaN;
  #changed = false;
  #unchangedBlocks = 0;
  #saturated = false;
  #reversed = false;
  #outOfRange = 0;
  #saturatedBlocks = 0;
  #stuckBlocks = 0;
  #reversedBlocks = 0;

  constructor(calibration: ChannelCalibration) {
    const [low, high] = calibration.validRange;
    this.#calibration = calibration;
    this.#high = high;
    this.#range = high - low;
    // Zero is the end of a one-sided range, and where a motor rests.
    this.#lowEnd = low === 0 ? Number.NEGATIVE_INFINITY : low;
    const clearly = -Math.max(0.02 * (high - low), 3 * (calibration.noiseRms ?? 0));
    this.#belowZero = low >= 0 ? clearly : Number.NEGATIVE_INFINITY;
  }

  push(value: number): void {
    if (value < this.#belowZero) {
      this.#negative += 1;
      this.#outOfRange += 1;
    } else if (value <= this.#lowEnd || value >= this.#high) {
      this.#out += 1;
      this.#outOfRange += 1;
    }
    if (value !== this.#last) this.#changed = true;
    this.#last = value;
    this.#seen += 1;
  }

  /** The block ends here. */
  judge(): void {
    if (this.#seen < fewestSamples) return;
    this.#saturated = this.#out >= saturatedShare * this.#seen;
    this.#reversed = this.#negative >= reversedShare * this.#seen;
    this.#unchangedBlocks = this.#changed ? 0 : this.#unchangedBlocks + 1;
    if (this.#saturated) this.#saturatedBlocks += 1;
    if (this.#reversed) this.#reversedBlocks += 1;
    if (this.#stuck) this.#stuckBlocks += 1;
    this.#seen = 0;
    this.#out = 0;
    this.#negative = 0;
    this.#changed = false;
  }

  get report(): ChannelReport {
    return {
      name: this.#calibration.name,
      saturated: this.#saturated,
      stuck: this.#stuck,
      reversed: this.#reversed,
      outOfRange: this.#outOfRange,
      saturatedBlocks: this.#saturatedBlocks,
      stuckBlocks: this.#stuckBlocks,
      reversedBlocks: this.#reversedBlocks,
    };
  }

  get faults(): string[] {
    const { name, unit, validRange } = this.#calibration;
    const faults: string[] = [];
    if (this.#saturated) {
      faults.push(
        `channel ${name} is saturated: it reaches its limits of ${validRange.join(' and ')} ${unit}`,
      );
    }
    if (this.#stuck) faults.push(`channel ${name} is stuck at ${Number(this.#last.toPrecision(4))} ${unit}`);
    if (this.#reversed) {
      faults.push(
        `channel ${name} is negative, its range begins at ${validRange[0]} ${unit}: polarity reversed?`,
      );
    }
    return faults;
  }

  get #stuck(): boolean {
    if (this.#unchangedBlocks < stuckBlocks) return false;
    const noisy = (this.#calibration.noiseRms ?? 0) > 0;
    return noisy || Math.abs(this.#last) > restShare * this.#range;
  }
}
