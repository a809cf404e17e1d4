import type { Sample } from './sample.ts';

/** Limits of a `ClockMap`; the defaults suit USB serial adapters and microcontrollers. */
export interface ClockMapOptions {
  /** Device time over which the smallest delays are kept. */
  readonly windowUs?: number;
  /** Largest difference of the two rates that is believed. A ceramic resonator is off by up to 5,000 ppm. */
  readonly maxSkewPpm?: number;
}

const bucketCount = 240;
/** A correction is spread out: the map runs at most 5 % fast or slow until it has caught up. */
const slewRate = 0.05;
/** A disagreement that large is no jitter: the line itself broke (a wrap was missed, the host slept). */
const stepUs = 1e6;
/** Below this length of history the slope is noise, so the rates count as equal. */
const minSlopeSpanUs = 5e6;
/** So many buckets in a row, all late by more than `stepUs`, prove that the line broke backwards. */
const lateBuckets = 5;

/**
 * Maps the device's time line onto the agent's monotonic clock. Bytes can only be late, never early, so the line
 * below all points (device time, arrival) that lies closest to them is the clock without the jitter of USB, kernel
 * and scheduler: the edge of the lower convex hull over the middle of the last five minutes. The constant part of
 * the delay cannot be told from an offset and stays in. Fits about once a second of device time; between fits the
 * map is a straight line, and a new fit is approached at 5 % of real time, so the map never jumps or goes back
 * unless it is wrong by more than a second (`jumps` counts those). Only a fit allocates.
 */
export class ClockMap {
  jumps = 0;
  readonly #bucketUs: number;
  readonly #maxSlope: number;
  /** Smallest `arrival - device` of each bucket, a ring. */
  readonly #x = new Float64Array(bucketCount);
  readonly #y = new Float64Array(bucketCount);
  readonly #hull = new Int32Array(bucketCount + 1);
  #first = 0;
  #count = 0;
  #bucket = 0;
  #late = 0;
  #bucketLate = false;
  /** host = device + offset + slope * (device - at) - what is left of the correction. */
  #atUs = 0;
  #offsetUs = Number.NaN;
  #slope = 0;
  #errorUs = 0;

  constructor(options: ClockMapOptions = {}) {
    this.#bucketUs = (options.windowUs ?? 300e6) / bucketCount;
    this.#maxSlope = (options.maxSkewPpm ?? 10_000) / 1e6;
  }

  /** How much faster the host's clock runs than the device's, in parts per million. */
  get skewPpm(): number {
    return this.#slope * 1e6;
  }

  /** One sample: `timeUs` on the device's line, `arrivalUs` on the agent's clock. */
  push(sample: Pick<Sample, 'timeUs' | 'arrivalUs'>): void {
    const deviceUs = sample.timeUs;
    const y = sample.arrivalUs - deviceUs;
    const target = this.#offsetUs + this.#slope * (deviceUs - this.#atUs);
    // Early by more than any fit is wrong: the line itself went ahead, and the older points are of another one.
    if (y < target - stepUs) this.#count = 0;
    const bucket = Math.floor(deviceUs / this.#bucketUs);
    if (this.#count === 0 || bucket !== this.#bucket) {
      this.#openBucket(bucket, deviceUs, y);
      this.#bucketLate = y > target + stepUs;
      this.#fit(deviceUs);
      return;
    }
    if (y <= target + stepUs) this.#bucketLate = false;
    const last = (this.#first + this.#count - 1) % bucketCount;
    if (y >= this.#y[last]) return;
    this.#x[last] = deviceUs;
    this.#y[last] = y;
    // Bytes that come before the line says they were sent prove it wrong at once.
    if (y < target) this.#fit(deviceUs);
  }

  /** Agent's microseconds for a time on the device's line; NaN before the first push. */
  toHostUs(deviceUs: number): number {
    const sinceUs = deviceUs - this.#atUs;
    const caughtUp = Math.max(0, sinceUs) * slewRate;
    const left = Math.max(0, Math.abs(this.#errorUs) - caughtUp) * Math.sign(this.#errorUs);
    return deviceUs + this.#offsetUs + this.#slope * sinceUs - left;
  }

  /** Forget everything (after a device reset: its line has been cut). */
  reset(): void {
    this.#count = 0;
    this.#offsetUs = Number.NaN;
    this.#errorUs = 0;
    this.#slope = 0;
    this.#late = 0;
    this.#bucketLate = false;
  }

  #openBucket(bucket: number, x: number, y: number): void {
    this.#late = this.#bucketLate ? this.#late + 1 : 0;
    this.#bucket = bucket;
    if (this.#late >= lateBuckets) {
      this.#count = 0;
      this.#late = 0;
    }
    const oldest = x - bucketCount * this.#bucketUs;
    while (this.#count > 0 && (this.#count === bucketCount || this.#x[this.#first] < oldest)) {
      this.#first = (this.#first + 1) % bucketCount;
      this.#count -= 1;
    }
    const at = (this.#first + this.#count) % bucketCount;
    this.#x[at] = x;
    this.#y[at] = y;
    this.#count += 1;
  }

  #fit(nowUs: number): void {
    const before = this.toHostUs(nowUs) - nowUs;
    let slope = 0;
    let offset: number;
    const oldest = this.#x[this.#first];
    if (nowUs - oldest < minSlopeSpanUs) {
      offset = this.#smallestDelay();
    } else {
      const edge = this.#middleEdge((oldest + nowUs) / 2);
      slope = Math.max(-this.#maxSlope, Math.min(this.#maxSlope, edge.slope));
      offset = edge.y + slope * (nowUs - edge.x);
    }
    const error = Number.isNaN(before) ? 0 : offset - before;
    const broken = Math.abs(error) > stepUs;
    if (broken) this.jumps += 1;
    this.#atUs = nowUs;
    this.#offsetUs = offset;
    this.#slope = slope;
    this.#errorUs = broken ? 0 : error;
  }

  #smallestDelay(): number {
    let smallest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#count; i += 1) {
      smallest = Math.min(smallest, this.#y[(this.#first + i) % bucketCount]);
    }
    return smallest;
  }

  /** The edge of the lower convex hull (Andrew's monotone chain) that spans `middle`. */
  #middleEdge(middle: number): { x: number; y: number; slope: number } {
    const X = this.#x;
    const Y = this.#y;
    const hull = this.#hull;
    let size = 0;
    for (let i = 0; i < this.#count; i += 1) {
      const p = (this.#first + i) % bucketCount;
      while (size >= 2) {
        const a = hull[size - 2];
        const b = hull[size - 1];
        if ((X[b] - X[a]) * (Y[p] - Y[a]) - (Y[b] - Y[a]) * (X[p] - X[a]) > 0) break;
        size -= 1;
      }
      hull[size] = p;
      size += 1;
    }
    let right = 1;
    while (right < size - 1 && X[hull[right]] < middle) right += 1;
    if (size === 1) return { x: X[hull[0]], y: Y[hull[0]], slope: 0 };
    const a = hull[right - 1];
    const b = hull[right];
    return { x: X[a], y: Y[a], slope: (Y[b] - Y[a]) / (X[b] - X[a]) };
  }
}
