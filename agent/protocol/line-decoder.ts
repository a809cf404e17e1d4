import { createReading, type Reading } from '../signal/sample.ts';
import type { Decoder, Discarded } from './decoder.ts';
import { DiscardCounter } from './discard-counter.ts';
import { LineReader, type LineReaderOptions } from './line-reader.ts';

/** The part that protocols of devices which send by themselves share: a line, or a frame with an end, is a reading. */
export abstract class LineDecoder implements Decoder {
  protected readonly reading: Reading;
  protected readonly lines: LineReader;
  readonly #discarded = new DiscardCounter();

  constructor(channels: number, options: LineReaderOptions) {
    this.reading = createReading(channels);
    this.lines = new LineReader(this.#discarded, options);
  }

  /** Reads the present line into `reading`; returns '', or why the line gives none. */
  protected abstract refuse(): string;

  get discarded(): Discarded {
    return this.#discarded;
  }

  append(bytes: Uint8Array): void {
    this.lines.append(bytes);
  }

  next(): Reading | undefined {
    while (this.lines.next()) {
      const reason = this.refuse();
      if (reason === '') return this.reading;
      this.#discarded.add(reason, this.lines.lineBytes);
    }
    return undefined;
  }

  reset(): void {
    this.lines.reset();
  }
}
