/** How one channel's raw number becomes a value: `(raw - offset) * gain`, negated where the sensor is reversed. */
export interface ChannelCalibration {
  readonly name: string;
  /** Unit of the value, as the model card names it (usually `A`). */
  readonly unit: string;
  /** Raw number at zero current. */
  readonly offset: number;
  /** Units per raw number. */
  readonly gain: number;
  readonly polarity?: 'normal' | 'reversed' | undefined;
  /** Values that the sensor can give, in `unit`; at or beyond the ends it is saturated. */
  readonly validRange: readonly [number, number];
  /** Root mean square of the noise with motors off, in `unit`. */
  readonly noiseRms?: number | undefined;
}
