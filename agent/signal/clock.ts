import { createSample, type Sample } from './sample.ts';

/** How a device counts time. */
export interface DeviceClockOptions {
  /** Length of one tick in microseconds: 1 for micros(), 1000 for millis(), 1e6 for seconds as a number. */
  readonly tickUs: number;
  /** The counter wraps at 2^bits; undefined for a counter that never wraps (decimal text). */
  readonly bits?: number | undefined;
}

/**
 * Unwraps device ticks into one time line of microseconds that never falls: a function of the bytes alone, so that
 * windows do not depend on when the bytes came. (`ClockMap` says when on the agent's clock a point of it was.)
 *
 * A counter that goes back by no wrap means that the device was restarted: the line goes on one microsecond later
 * and `resets` counts, so that the caller restarts its windows and its clock map. Of a wrapping counter only steps
 * below half its range are certain: a restart that looks like such a forward step is taken as one, and the gap
 * detector finds it. Allocates nothing.
 */
export class DeviceClock {
  resets = 0;
  readonly #tickUs: number;
  /** Ticks until the counter wraps; 0 where it never does. */
  readonly #range: number;
  #sent = Number.NaN;
  /** Line = (ticks as sent + offset) * tickUs. */
  #offset = 0;
  readonly #scratch = createSample(0);

  constructor(options: DeviceClockOptions) {
    if (!(options.tickUs > 0)) throw new RangeError(`tickUs: found ${options.tickUs}, expected above 0`);
    this.#tickUs = options.tickUs;
    this.#range = options.bits === undefined ? 0 : 2 ** options.bits;
  }

  /** Sets `timeUs`: microseconds on the device's line for `deviceTicks`; the first ticks keep their value. */
  stamp(sample: Pick<Sample, 'deviceTicks' | 'timeUs'>): void {
    const range = this.#range;
    const ticks = sample.deviceTicks;
    const sent = range > 0 ? ((ticks % range) + range) % range : ticks;
    const step = sent - this.#sent;
    if (step < 0) {
      if (range > 0 && step < -range / 2) this.#offset += range;
      else this.#reset(step);
    } else if (range > 0 && step > range / 2) {
      this.#reset(step);
    }
    this.#sent = sent;
    sample.timeUs = (sent + this.#offset) * this.#tickUs;
  }

  /** The same for a bare number. */
  unwrap(ticks: number): number {
    this.#scratch.deviceTicks = ticks;
    this.stamp(this.#scratch);
    return this.#scratch.timeUs;
  }

  #reset(step: number): void {
    this.resets += 1;
    this.#offset += 1 / this.#tickUs - step;
  }
}
