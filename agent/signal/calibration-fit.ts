/** Running mean, spread and drift of one channel (Welford's method). Allocates nothing per sample. */
export class RunningStatistics {
  count = 0;
  mean = 0;
  #squares = 0;
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  push(value: number): void {
    this.count += 1;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
    if (value < this.#low) this.#low = value;
    if (value > this.#high) this.#high = value;
  }

  /** Standard deviation: the root mean square of the noise around the mean. */
  get std(): number {
    return this.count > 1 ? Math.sqrt(this.#squares / (this.count - 1)) : 0;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }
}

/** A mean raw number, and the true value (A) while it was read. */
export interface CalibrationPoint {
  readonly raw: number;
  readonly reference: number;
}

export interface GainFit {
  /** `value = (raw - offset) * gain`; the gain is negative where the sensor is reversed. */
  readonly gain: number;
  readonly offset: number;
  /** Value minus reference of each point, in the unit of the reference. */
  readonly residuals: number[];
  readonly residualRms: number;
}

/**
 * The straight line through the points with the least squared error in the reference. Undefined where no line can be
 * drawn: fewer than two points, or raw numbers or references that are all the same.
 */
export function fitGain(points: readonly CalibrationPoint[]): GainFit | undefined {
  const n = points.length;
  const meanRaw = points.reduce((sum, p) => sum + p.raw, 0) / n;
  const meanReference = points.reduce((sum, p) => sum + p.reference, 0) / n;
  let rawSquares = 0;
  let products = 0;
  for (const { raw, reference } of points) {
    rawSquares += (raw - meanRaw) ** 2;
    products += (raw - meanRaw) * (reference - meanReference);
  }
  const gain = products / rawSquares;
  if (n < 2 || !Number.isFinite(gain) || gain === 0) return undefined;
  const offset = meanRaw - meanReference / gain;
  const residuals = points.map(({ raw, reference }) => (raw - offset) * gain - reference);
  const residualRms = Math.sqrt(residuals.reduce((sum, r) => sum + r * r, 0) / n);
  return { gain, offset, residuals, residualRms };
}
