import { ByteBuffer } from './byte-buffer.ts';
import type { DiscardCounter } from './discard-counter.ts';

export interface LineReaderOptions {
  /** The byte that ends a line: 10 (LF, default), 13 (CR), or 0 for frames of bytes such as COBS. */
  readonly lineEnd?: number;
  /** Longest line in bytes without its end; longer ones are discarded as `overlong`. */
  readonly maxLength?: number;
  /** True when the first line may have lost its beginning (a device that was already talking). */
  readonly midStream?: boolean;
}

/**
 * Cuts bytes into lines without making strings: after `next()` returned true the line is
 * `bytes[start..end)`, without its end (and, of text, without a carriage return before it), valid until the next `append`.
 */
export class LineReader {
  start = 0;
  end = 0;
  /** True for a first line that may have lost its beginning: the decoder decides what it is worth. */
  partial = false;
  readonly #buffer = new ByteBuffer();
  readonly #discarded: DiscardCounter;
  readonly #lineEnd: number;
  readonly #maxLength: number;
  readonly #midStream: boolean;
  /** Offset from head up to which there is no line end, so that no byte is looked at twice. */
  #scanned = 0;
  #overlong = false;
  #first: boolean;

  constructor(discarded: DiscardCounter, options: LineReaderOptions = {}) {
    this.#discarded = discarded;
    this.#lineEnd = options.lineEnd ?? 10;
    this.#maxLength = options.maxLength ?? 4096;
    this.#midStream = options.midStream ?? true;
    this.#first = this.#midStream;
  }

  get bytes(): Uint8Array {
    return this.#buffer.bytes;
  }

  /** Length of the present line with its end: what is discarded when the line is refused. */
  get lineBytes(): number {
    return this.#buffer.head - this.start;
  }

  append(chunk: Uint8Array): void {
    const dropped = this.#buffer.append(chunk);
    if (dropped > 0) {
      this.#discarded.add('overflow', dropped);
      this.#scanned = 0;
      this.#first = true;
    }
  }

  /** Allocates nothing. */
  next(): boolean {
    const buffer = this.#buffer;
    const bytes = buffer.bytes;
    const lineEnd = this.#lineEnd;
    for (;;) {
      const { head, tail } = buffer;
      let at = head + this.#scanned;
      while (at < tail && bytes[at] !== lineEnd) at++;
      const length = at - head;
      if (length > this.#maxLength && !this.#overlong) {
        this.#overlong = true;
        this.#first = false;
        this.#discarded.add('overlong', 0);
      }
      if (at === tail) {
        this.#scanned = length;
        if (this.#overlong) this.#drop(tail);
        return false;
      }
      this.#scanned = 0;
      if (this.#overlong) {
        this.#overlong = false;
        this.#drop(at + 1);
        continue;
      }
      this.start = head;
      this.end = lineEnd !== 0 && at > head && bytes[at - 1] === 13 ? at - 1 : at;
      this.partial = this.#first;
      this.#first = false;
      buffer.head = at + 1;
      return true;
    }
  }

  reset(reason = 'reset'): void {
    const dropped = this.#buffer.clear();
    if (dropped > 0) this.#discarded.add(reason, dropped);
    this.#scanned = 0;
    this.#overlong = false;
    this.#first = this.#midStream;
  }

  #drop(until: number): void {
    this.#discarded.bytes += until - this.#buffer.head;
    this.#buffer.head = until;
    this.#scanned = 0;
  }
}
