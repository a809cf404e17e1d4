import type { ChannelCalibration } from './channel-calibration.ts';
import { ChannelHealth, type ChannelReport } from './channel-health.ts';

/**
 * Turns raw readings into values in the card's unit, and watches the channels while it does: saturation, a stuck
 * channel and reversed polarity show in `reports`. Values out of range are passed on and counted, never clipped.
 * Allocates nothing per sample.
 */
export class Calibrator {
  /** Readings refused because a raw number was not finite. */
  refused = 0;
  readonly #offset: Float64Array;
  readonly #gain: Float64Array;
  readonly #health: ChannelHealth[];

  constructor(channels: readonly ChannelCalibration[]) {
    this.#offset = Float64Array.from(channels, (c) => c.offset);
    this.#gain = Float64Array.from(channels, (c) => (c.polarity === 'reversed' ? -c.gain : c.gain));
    this.#health = channels.map((c) => new ChannelHealth(c));
  }

  /** Fills `out` from `raw`, both one number a channel. False: not a finite number in it, so drop the sample. */
  apply(raw: Float64Array, out: Float64Array): boolean {
    const offset = this.#offset;
    const gain = this.#gain;
    let sum = 0;
    for (let c = 0; c < offset.length; c += 1) {
      const value = (raw[c] - offset[c]) * gain[c];
      out[c] = value;
      sum += value - value;
    }
    // Infinity - Infinity and NaN - NaN are NaN: one test for all channels.
    if (sum !== 0) {
      this.refused += 1;
      return false;
    }
    for (let c = 0; c < offset.length; c += 1) this.#health[c].push(out[c]);
    return true;
  }

  /** Judges the channels on the samples since the last call; call it every two seconds or so of their time. */
  judge(): void {
    for (const channel of this.#health) channel.judge();
  }

  /** State and counters of each channel, in channel order. */
  get reports(): readonly ChannelReport[] {
    return this.#health.map((h) => h.report);
  }

  /** One sentence a fault, naming the channel; empty when all is well. */
  get faults(): readonly string[] {
    return this.#health.flatMap((h) => h.faults);
  }
}
