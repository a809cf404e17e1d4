import type { Sample } from './sample.ts';

const checkpoints = 20;

/**
 * Rate of a stream over its last ten seconds, or its last 20 samples where it is slower than 2 Hz. Bounded; allocates
 * nothing.
 */
export class RateMeter {
  readonly #timesUs = new Float64Array(checkpoints);
  readonly #counts = new Float64Array(checkpoints);
  readonly #spacingUs: number;
  #next = 0;
  #filled = 0;
  #count = 0;
  #lastUs = Number.NaN;

  constructor(windowUs = 10e6) {
    this.#spacingUs = windowUs / checkpoints;
  }

  push(sample: Pick<Sample, 'timeUs'>): void {
    const { timeUs } = sample;
    if (timeUs < this.#lastUs) this.reset();
    this.#count += 1;
    this.#lastUs = timeUs;
    const newest = (this.#next + checkpoints - 1) % checkpoints;
    if (this.#filled > 0 && timeUs - this.#timesUs[newest] < this.#spacingUs) return;
    this.#timesUs[this.#next] = timeUs;
    this.#counts[this.#next] = this.#count;
    this.#next = (this.#next + 1) % checkpoints;
    this.#filled = Math.min(this.#filled + 1, checkpoints);
  }

  /**
   * Samples per second; NaN before two samples at different times. With `nowUs` (on the same time line) silence since
   * the last sample counts as soon as it is longer than a period.
   */
  rateHz(nowUs = this.#lastUs): number {
    if (this.#filled === 0) return Number.NaN;
    const oldest = this.#filled < checkpoints ? 0 : this.#next;
    const samples = this.#count - this.#counts[oldest];
    const spanUs = this.#lastUs - this.#timesUs[oldest];
    if (samples === 0 || spanUs <= 0) return Number.NaN;
    const silentUs = nowUs - this.#lastUs - spanUs / samples;
    return (samples * 1e6) / (spanUs + Math.max(0, silentUs));
  }

  reset(): void {
    this.#next = 0;
    this.#filled = 0;
    this.#count = 0;
    this.#lastUs = Number.NaN;
  }
}

/** Whether a stage can be trusted, and why not. */
export type Health = { readonly state: 'ok' } | { readonly state: 'degraded'; readonly reason: string };

/** Clocks differ a little; a tenth is more than any clock does. */
const configuredTolerance = 0.1;
const modelTolerance = 0.02;

/** Compares the measured rate with what the configuration promised and with what the model needs. */
export function rateHealth(rates: {
  measuredHz: number;
  configuredHz?: number | undefined;
  modelHz: number;
}): Health {
  const { measuredHz, configuredHz, modelHz } = rates;
  if (!(measuredHz > 0)) return { state: 'degraded', reason: 'no samples are coming' };
  if (measuredHz < modelHz * (1 - modelTolerance)) {
    return {
      state: 'degraded',
      reason: `samples come at ${format(measuredHz)} Hz, below the ${format(modelHz)} Hz that the model needs`,
    };
  }
  if (configuredHz !== undefined && Math.abs(measuredHz / configuredHz - 1) > configuredTolerance) {
    return {
      state: 'degraded',
      reason: `samples come at ${format(measuredHz)} Hz, the configuration says ${format(configuredHz)} Hz`,
    };
  }
  return { state: 'ok' };
}

function format(rateHz: number): string {
  return String(Number(rateHz.toPrecision(3)));
}
