import { createReading, type Reading } from '../signal/sample.ts';
import type { Decoder, Discarded } from './decoder.ts';
import { DiscardCounter } from './discard-counter.ts';
import type { Exchange } from './exchange.ts';
import { complete, part } from './frame-decoder.ts';
import { LineReader } from './line-reader.ts';

/**
 * The part that the text protocols of motor controllers share: lines that answer requests. Lines that nobody asked for
 * are discarded as `unasked`, what is left of an answer that came too late as `timeout`.
 */
export abstract class AnswerLineDecoder implements Decoder {
  protected readonly reading: Reading;
  protected readonly exchange: Exchange;
  readonly #discarded = new DiscardCounter();
  readonly #lines: LineReader;
  readonly #asked: boolean;
  #timeoutsSeen = 0;

  /** `asked`: every answer follows a request of its own; otherwise the device goes on by itself once opened. */
  constructor(channels: number, exchange: Exchange, lineEnd: number, asked = true) {
    this.reading = createReading(channels);
    this.exchange = exchange;
    this.#asked = asked;
    this.#lines = new LineReader(this.#discarded, { lineEnd, maxLength: 256, midStream: false });
  }

  /** Reads one line into `reading`; returns `complete`, `part`, or why the line is discarded. */
  protected abstract read(bytes: Uint8Array, start: number, end: number): string;

  get discarded(): Discarded {
    return this.#discarded;
  }

  append(bytes: Uint8Array): void {
    if (this.#asked && this.exchange.timeouts !== this.#timeoutsSeen) {
      this.#timeoutsSeen = this.exchange.timeouts;
      this.#lines.reset('timeout');
    }
    this.#lines.append(bytes);
  }

  next(): Reading | undefined {
    while (this.#lines.next()) {
      const { bytes, start, end, lineBytes } = this.#lines;
      const unasked = this.#asked && !this.exchange.waiting;
      const verdict = start === end ? 'blank' : unasked ? 'unasked' : this.read(bytes, start, end);
      if (verdict === complete) return this.reading;
      if (verdict !== part) this.#discarded.add(verdict, lineBytes);
    }
    return undefined;
  }

  reset(): void {
    this.#lines.reset();
  }
}
