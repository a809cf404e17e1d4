/** Lets `perMinute` events a minute through, and as many at once after a quiet minute. Time comes in with the call. */
export class RateLimit {
  readonly #perMinute: number;
  #tokens: number;
  #lastMs: number | undefined;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
  }

  allow(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - (this.#lastMs ?? nowMs));
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + (passedMs * this.#perMinute) / 60_000);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
