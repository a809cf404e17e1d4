import type { PipelineWatcher } from '../pipeline.ts';
import type { Decoder } from '../protocol/decoder.ts';

/**
 * Readings of a decoder with nothing after it: what is recorded where there is no model. To those who feed and watch
 * it, it is like a Pipeline.
 */
export class ReadingStream {
  bytes = 0;
  readonly watchers = new Set<PipelineWatcher>();
  readonly #decoder: Decoder;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** Bytes as they came, and when (us on the agent's monotonic clock). */
  feed(bytes: Uint8Array, arrivalUs: number): void {
    this.bytes += bytes.length;
    this.#decoder.append(bytes);
    for (let reading = this.#decoder.next(); reading !== undefined; reading = this.#decoder.next()) {
      for (const watcher of this.watchers) watcher.onReading?.(reading, arrivalUs);
    }
  }

  /** The bytes that follow do not continue the ones before: the port was opened again. */
  restart(): void {
    for (const watcher of this.watchers) watcher.onRestart?.();
    this.#decoder.reset();
  }

  /** Nothing is ever waited for. */
  async idle(): Promise<void> {}
}
