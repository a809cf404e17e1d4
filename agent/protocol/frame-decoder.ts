import { createReading, type Reading } from '../signal/sample.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { Decoder, Discarded } from './decoder.ts';
import { DiscardCounter } from './discard-counter.ts';
import type { Exchange } from './exchange.ts';

/** `scan` understood a frame and `reading` is complete. */
export const complete = '';
/** `scan` understood a frame that fills a part of the reading. */
export const part = 'part';
/** `scan` passed bytes that begin no frame. */
export const noise = 'noise';

/**
 * The part that all binary protocols share: gathering bytes, going from frame to frame, counting what is skipped.
 * A protocol implements `scan`. Where an exchange is given, bytes that nobody asked for are discarded as `unasked`,
 * and what is left of an answer that came too late as `timeout`.
 */
export abstract class FrameDecoder implements Decoder {
  protected readonly reading: Reading;
  /** Set by `scan`: `complete`, `part`, or why the bytes are discarded. */
  protected verdict: string = complete;
  protected readonly exchange: Exchange | undefined;
  readonly #buffer = new ByteBuffer();
  readonly #discarded = new DiscardCounter();
  #inNoise = false;
  #timeoutsSeen = 0;

  constructor(channels: number, exchange?: Exchange) {
    this.reading = createReading(channels);
    this.exchange = exchange;
  }

  /**
   * Looks at `bytes[head..tail)` (never empty). Returns 0 when it needs more bytes; otherwise how many bytes it has
   * dealt with (at least 1), having set `verdict`.
   */
  protected abstract scan(bytes: Uint8Array, head: number, tail: number): number;

  get discarded(): Discarded {
    return this.#discarded;
  }

  append(bytes: Uint8Array): void {
    const { exchange } = this;
    if (exchange !== undefined && exchange.timeouts !== this.#timeoutsSeen) {
      this.#timeoutsSeen = exchange.timeouts;
      this.#clear('timeout');
    }
    const dropped = this.#buffer.append(bytes);
    if (dropped > 0) this.#discarded.add('overflow', dropped);
  }

  next(): Reading | undefined {
    const buffer = this.#buffer;
    while (buffer.length > 0) {
      if (this.exchange !== undefined && !this.exchange.waiting) {
        this.#clear('unasked');
        return undefined;
      }
      const step = this.scan(buffer.bytes, buffer.head, buffer.tail);
      if (step === 0) return undefined;
      buffer.head += step;
      if (this.verdict === complete) {
        this.#inNoise = false;
        return this.reading;
      }
      this.#count(step);
    }
    return undefined;
  }

  reset(): void {
    this.#clear('reset');
    this.#inNoise = false;
  }

  #count(bytes: number): void {
    if (this.verdict === part) this.#inNoise = false;
    else if (this.verdict !== noise) this.#discarded.add(this.verdict, bytes);
    else if (this.#inNoise) this.#discarded.bytes += bytes;
    else this.#discarded.add(noise, bytes);
    this.#inNoise = this.verdict === noise;
  }

  #clear(reason: string): void {
    const dropped = this.#buffer.clear();
    if (dropped > 0) this.#discarded.add(reason, dropped);
  }
}
