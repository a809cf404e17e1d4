import type { Poller } from './decoder.ts';
import type { Exchange } from './exchange.ts';

/**
 * For devices that are asked once and then go on by themselves: sends the opening requests with a pause after each,
 * and all of them again when the stream has been silent for too long.
 */
export class StreamPoller implements Poller {
  nextUs = 0;
  readonly #requests: readonly Uint8Array[];
  readonly #exchange: Exchange;
  readonly #pauseUs: number;
  readonly #silenceUs: number;
  #index = 0;
  #answersSeen = 0;

  constructor(requests: readonly Uint8Array[], exchange: Exchange, pauseUs: number, silenceUs: number) {
    this.#requests = requests;
    this.#exchange = exchange;
    this.#pauseUs = pauseUs;
    this.#silenceUs = silenceUs;
  }

  get timeouts(): number {
    return this.#exchange.timeouts;
  }

  due(nowUs: number): Uint8Array | undefined {
    const opened = this.#index === this.#requests.length;
    if (opened && this.#exchange.answers > this.#answersSeen) {
      this.#answersSeen = this.#exchange.answers;
      this.nextUs = nowUs + this.#silenceUs;
      return undefined;
    }
    if (nowUs < this.nextUs) return undefined;
    if (opened) {
      this.#exchange.giveUp();
      this.#index = 0;
    }
    const request = this.#requests[this.#index++];
    const last = this.#index === this.#requests.length;
    if (last) this.#answersSeen = this.#exchange.answers;
    this.nextUs = nowUs + (last ? this.#silenceUs : this.#pauseUs);
    return request;
  }

  reset(): void {
    this.#index = 0;
    this.nextUs = 0;
  }
}
