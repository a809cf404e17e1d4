import type { Detector } from './detector.ts';

export interface PageHinkleyOptions {
  /** Values before it says anything. */
  readonly minInstances?: number;
  /** Shift that is tolerated. */
  readonly delta?: number;
  /** Evidence (lambda) that is a change. */
  readonly threshold?: number;
  /** Forgetting factor of the sums. */
  readonly alpha?: number;
}

/**
 * Two-sided Page-Hinkley test: watches how far the values run away from their own mean so far. After a detection the
 * next value starts anew. Same arithmetic as river's `PageHinkley(mode="both")`.
 */
export class PageHinkley implements Detector {
  readonly threshold: number;
  readonly #minInstances: number;
  readonly #delta: number;
  readonly #alpha: number;
  #n = 0;
  #mean = 0;
  #sumUp = 0;
  #sumDown = 0;
  #leastUp = Number.POSITIVE_INFINITY;
  #mostDown = -1;
  #detected = false;

  constructor({ minInstances = 30, delta = 0.005, threshold = 50, alpha = 0.9999 }: PageHinkleyOptions = {}) {
    this.#minInstances = minInstances;
    this.#delta = delta;
    this.threshold = threshold;
    this.#alpha = alpha;
  }

  /** How far the values ran upwards, and downwards. */
  get increase(): number {
    return this.#sumUp - this.#leastUp;
  }
  get decrease(): number {
    return this.#mostDown - this.#sumDown;
  }
  get statistic(): number {
    return this.#n === 0 ? 0 : Math.max(this.increase, this.decrease);
  }

  update(value: number): boolean {
    if (this.#detected) this.reset();
    this.#n++;
    this.#mean += (value - this.#mean) / this.#n;
    const deviation = value - this.#mean;
    this.#sumUp = this.#alpha * this.#sumUp + deviation - this.#delta;
    this.#sumDown = this.#alpha * this.#sumDown + deviation + this.#delta;
    if (this.#sumUp < this.#leastUp) this.#leastUp = this.#sumUp;
    if (this.#sumDown > this.#mostDown) this.#mostDown = this.#sumDown;
    this.#detected = this.#n >= this.#minInstances && this.statistic > this.threshold;
    return this.#detected;
  }

  reset(): void {
    this.#n = 0;
    this.#mean = 0;
    this.#sumUp = 0;
    this.#sumDown = 0;
    this.#leastUp = Number.POSITIVE_INFINITY;
    this.#mostDown = -1;
    this.#detected = false;
  }
}
