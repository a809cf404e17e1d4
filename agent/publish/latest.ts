import { isExpired, type Message, type OnDrop } from './outbox.ts';

/**
 * Telemetry that waits for the broker: one message a topic, the newest wins. Never more than one message a topic, so
 * an outage of any length holds no more memory than an outage of a second.
 */
export class LatestWins {
  readonly #waiting = new Map<string, Message>();
  readonly #onDrop: OnDrop;

  constructor(onDrop: OnDrop) {
    this.#onDrop = onDrop;
  }

  put(message: Message): void {
    if (this.#waiting.has(message.topic)) this.#onDrop(message.topic);
    this.#waiting.set(message.topic, message);
  }

  /** The message that waits longest and is still of use, taken out. */
  take(nowMs: number): Message | undefined {
    for (const [topic, message] of this.#waiting) {
      this.#waiting.delete(topic);
      if (!isExpired(message, nowMs)) return message;
      this.#onDrop(topic);
    }
    return undefined;
  }
}
