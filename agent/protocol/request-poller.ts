import type { Poller } from './decoder.ts';
import type { Exchange } from './exchange.ts';

export interface PollTiming {
  /** Time from one round of requests to the next. */
  readonly intervalUs: number;
  /** How long an answer may take. */
  readonly timeoutUs: number;
}

/**
 * Sends its requests in turn, the next one as soon as the last is answered, a new round every interval. One request is
 * outstanding at most. After a time-out the line is left alone for as long again, so that a late answer is not
 * taken for the answer to the next request, and the round begins anew.
 */
export class RequestPoller implements Poller {
  nextUs = 0;
  readonly #requests: readonly Uint8Array[];
  readonly #exchange: Exchange;
  readonly #timing: PollTiming;
  #index = 0;
  /** True from sending a request until its answer or time-out has been noticed. */
  #asked = false;
  #deadlineUs = 0;
  #roundUs = Number.NEGATIVE_INFINITY;

  constructor(requests: readonly Uint8Array[], exchange: Exchange, timing: PollTiming) {
    this.#requests = requests;
    this.#exchange = exchange;
    this.#timing = timing;
  }

  get timeouts(): number {
    return this.#exchange.timeouts;
  }

  due(nowUs: number): Uint8Array | undefined {
    if (this.#asked && !this.#settle(nowUs)) return undefined;
    if (nowUs < this.nextUs) return undefined;
    if (this.#index === 0) this.#beginRound(nowUs);
    this.#exchange.ask(this.#index);
    this.#asked = true;
    this.#deadlineUs = nowUs + this.#timing.timeoutUs;
    this.nextUs = this.#deadlineUs;
    return this.#requests[this.#index];
  }

  reset(): void {
    this.#exchange.reset();
    this.#asked = false;
    this.#index = 0;
    this.nextUs = 0;
  }

  /** True when the line is free: the outstanding request was answered or is given up now. */
  #settle(nowUs: number): boolean {
    if (!this.#exchange.waiting) {
      this.#asked = false;
      this.#index = (this.#index + 1) % this.#requests.length;
      this.nextUs = this.#index > 0 ? nowUs : this.#roundUs + this.#timing.intervalUs;
      return true;
    }
    if (nowUs < this.#deadlineUs) return false;
    this.#exchange.giveUp();
    this.#asked = false;
    this.#index = 0;
    this.nextUs = nowUs + this.#timing.timeoutUs;
    return true;
  }

  /** Rounds keep to their grid as long as the device keeps up; after a delay the grid begins anew. */
  #beginRound(nowUs: number): void {
    const plannedUs = this.#roundUs + this.#timing.intervalUs;
    this.#roundUs = nowUs - plannedUs < this.#timing.intervalUs ? plannedUs : nowUs;
  }
}
