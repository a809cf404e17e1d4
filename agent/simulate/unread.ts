import { statSync } from 'node:fs';

/** So much is always sent: what the kernel holds for a reader is less, so that a new reader finds something to read. */
const minUnreadBytes = 16_384;
/** Linux notes a read of a terminal in its access time once in eight seconds. */
const patienceMs = 12_000;

/**
 * Tells when nobody reads a pseudo terminal. A serial line loses what nobody reads; the program behind a pseudo terminal
 * would keep all of it for the next reader.
 */
export class Unread {
  readonly #lastReadMs: () => number | undefined;
  #readMs: number | undefined;
  #sinceMs: number;
  #bytes = 0;

  constructor(path: string, nowMs: number, lastReadMs = () => accessTimeMs(path)) {
    this.#lastReadMs = lastReadMs;
    this.#readMs = lastReadMs();
    this.#sinceMs = nowMs;
  }

  /** The other end did something. */
  heard(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#bytes = 0;
  }

  /** Whether so many bytes more may be sent; if not they are to be dropped. `nowMs`: of any clock that does not jump. */
  takes(bytes: number, nowMs: number): boolean {
    if (this.#bytes >= minUnreadBytes && nowMs - this.#sinceMs >= patienceMs) {
      const readMs = this.#lastReadMs();
      if (readMs === this.#readMs) return false;
      this.#readMs = readMs;
      this.heard(nowMs);
    }
    this.#bytes += bytes;
    return true;
  }
}

const accessTimeMs = (path: string) => statSync(path, { throwIfNoEntry: false })?.atimeMs;
