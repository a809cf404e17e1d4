/**
 * One reading as it left a decoder: raw numbers, before clock and calibration.
 * Decoders reuse one object for all readings, so copy what you keep.
 */
export interface Reading {
  /** One number a channel, in the unit that the device sends, in the configured channel order. */
  readonly values: Float64Array;
  /** The device's own clock in its own ticks (wraps as the device wraps); NaN where the device sends none. */
  deviceTicks: number;
  /** The device's sequence number; NaN where the device sends none. */
  sequence: number;
}

/**
 * A reading on its way through the stages, with its times. One object serves all samples, and stages that see every
 * sample take it whole: a number that is passed to a function costs an allocation wherever the call is not inlined.
 */
export interface Sample extends Reading {
  /** On the time line of the samples, in microseconds. */
  timeUs: number;
  /** When its last byte came, on the agent's monotonic clock; NaN where that is not known. */
  arrivalUs: number;
}

/** A sample with room for `channels` values, to be filled again and again. */
export function createSample(channels: number): Sample {
  return {
    values: new Float64Array(channels).fill(Number.NaN),
    deviceTicks: Number.NaN,
    sequence: Number.NaN,
    timeUs: Number.NaN,
    arrivalUs: Number.NaN,
  };
}

/** A value a channel at one time: one step of an even grid, or a calibrated sample. */
export interface Step {
  timeUs: number;
  readonly values: Float64Array;
}

/** A reading with room for `channels` values, for a decoder to fill again and again. */
export function createReading(channels: number): Reading {
  return {
    values: new Float64Array(channels).fill(Number.NaN),
    deviceTicks: Number.NaN,
    sequence: Number.NaN,
  };
}

/**
 * A window of `steps` x `channels` on an even grid, row-major (`data[step * channels + channel]`), in the
 * card's unit (usually A). Windows are handed over: whoever gets one owns it.
 */
export interface Window {
  /** Counts windows since the pipeline began; never reused. */
  readonly index: number;
  /** Time of the first and of the last step, in microseconds on the time line of the samples. */
  readonly startUs: number;
  readonly endUs: number;
  readonly data: Float32Array;
  /** True for the first window after a start, gap or reset: earlier windows say nothing about this one. */
  readonly afterGap: boolean;
}
