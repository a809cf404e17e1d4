import { ClockMap } from './clock-map.ts';
import { createSample, type Sample } from './sample.ts';

/** How to spread samples that carry no time. */
export interface ArrivalClockOptions {
  /** The rate at which the device sends, where it is known; else it is measured over the first two seconds. */
  readonly rateHz?: number | undefined;
}

/** Arrival may trail behind by this and five periods before it counts as a pause of the device. */
const pauseUs = 0.5e6;
const learnUs = 2e6;
const learnSamples = 8;
/** A learnt rate that is off by more than the map follows, so often in a row, was learnt from a backlog: anew. */
const mostOff = 0.2;
const offWindows = 2;

/**
 * A time line for devices that send no time: samples are counted, the count times the period is their own clock,
 * and a `ClockMap` fits that clock to the arrivals. A burst of 200 ms is spread at the rate of the device, and the
 * line follows a true rate up to 20 % off. Times never fall. After a pause, or when the rate was learnt (anew, where it
 * proves wrong: a backlog came first), the line
 * starts anew and `restarts` counts: the caller restarts its windows. Lost samples cannot be seen and are absorbed
 * as a drift of the line. Allocates nothing per sample.
 */
export class ArrivalClock {
  restarts = 0;
  readonly #learns: boolean;
  readonly #map = new ClockMap({ windowUs: 120e6, maxSkewPpm: 200_000 });
  #periodUs: number;
  #index = 0;
  #lastUs = Number.NEGATIVE_INFINITY;
  #lastArrivalUs = Number.NaN;
  #learnFromUs = Number.NaN;
  /** Samples behind the first burst, and arrival of the newest burst. */
  #learnt = 0;
  #burstUs = Number.NaN;
  #off = 0;
  readonly #counted = createSample(0);
  readonly #scratch = createSample(0);

  constructor(options: ArrivalClockOptions = {}) {
    this.#learns = options.rateHz === undefined;
    this.#periodUs = options.rateHz === undefined ? Number.NaN : 1e6 / options.rateHz;
  }

  /** Sets `timeUs` from `arrivalUs`, both microseconds on the agent's clock. */
  stamp(sample: Pick<Sample, 'arrivalUs' | 'timeUs'>): void {
    const arrivalUs = sample.arrivalUs;
    if (arrivalUs - this.#lastArrivalUs > this.#pauseUs) this.#restart();
    this.#lastArrivalUs = arrivalUs;
    if (this.#learns) this.#learn(arrivalUs);
    let timeUs = arrivalUs;
    if (!Number.isNaN(this.#periodUs)) {
      const counted = this.#counted;
      counted.timeUs = this.#index * this.#periodUs;
      counted.arrivalUs = arrivalUs;
      this.#index += 1;
      this.#map.push(counted);
      timeUs = this.#map.toHostUs(counted.timeUs);
    }
    // While the rate is learnt a burst shares one arrival: a thousandth of a microsecond keeps its order.
    if (timeUs <= this.#lastUs) timeUs = this.#lastUs + 1e-3;
    this.#lastUs = timeUs;
    sample.timeUs = timeUs;
  }

  /** The same for a bare number. */
  push(arrivalUs: number): number {
    this.#scratch.arrivalUs = arrivalUs;
    this.stamp(this.#scratch);
    return this.#scratch.timeUs;
  }

  /** Arrival may trail behind the last one by so much before it counts as a pause. */
  get #pauseUs(): number {
    return pauseUs + 5 * (Number.isNaN(this.#periodUs) ? learnUs : this.#periodUs);
  }

  /** Counts whole bursts from the end of the first one: a burst that is cut would bias the rate. */
  #learn(arrivalUs: number): void {
    if (arrivalUs !== this.#burstUs) {
      const spanUs = this.#burstUs - this.#learnFromUs;
      if (spanUs >= learnUs && this.#learnt >= learnSamples) {
        this.#take(spanUs / this.#learnt);
        return;
      }
      this.#burstUs = arrivalUs;
    }
    if (Number.isNaN(this.#learnFromUs)) this.#learnFromUs = arrivalUs;
    if (arrivalUs !== this.#learnFromUs) this.#learnt += 1;
  }

  /** The period of one more measurement: the first one, or one that tells whether the first was right. */
  #take(periodUs: number): void {
    const off = Math.abs(periodUs / this.#periodUs - 1) > mostOff;
    this.#off = off ? this.#off + 1 : 0;
    if (Number.isNaN(this.#periodUs) || this.#off >= offWindows) {
      this.#periodUs = periodUs;
      this.#off = 0;
      this.#restart();
    } else this.#measureAnew();
  }

  #measureAnew(): void {
    this.#learnFromUs = Number.NaN;
    this.#learnt = 0;
  }

  #restart(): void {
    this.restarts += 1;
    this.#map.reset();
    this.#index = 0;
    this.#measureAnew();
  }
}
