import type { Poller } from '../protocol/decoder.ts';

/**
 * Drives a poller: gives it the time when it asked for it and after every answer, and sends what it says. Poll
 * schedules have a period, not a jitter budget, so one timer is enough.
 */
export class PollLoop {
  readonly #poller: Poller;
  readonly #write: (bytes: Uint8Array) => void;
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  /** `write` gets the requests; `guardWrites` (protocol/allow-list.ts) belongs around it. */
  constructor(poller: Poller, write: (bytes: Uint8Array) => void) {
    this.#poller = poller;
    this.#write = write;
  }

  /** The port was opened: what was asked before is forgotten. */
  start(): void {
    this.#poller.reset();
    this.#running = true;
    this.kick();
  }

  /** The port is closed. */
  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Bytes were decoded, so the outstanding request may have been answered. */
  kick(): void {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    const nowUs = performance.now() * 1000;
    const request = this.#poller.due(nowUs);
    if (request) this.#write(request);
    const delayMs = Math.max(1, (this.#poller.nextUs - nowUs) / 1000);
    this.#timer = setTimeout(() => this.kick(), delayMs);
  }
}
