import type { Reading } from '../signal/sample.ts';

/** Why bytes were discarded, and how many; keys are short stable words such as `crc`, `columns`, `number`, `overlong`. */
export interface Discarded {
  /** Bytes that did not become part of a reading. */
  readonly bytes: number;
  /** Frames or lines refused, by reason. */
  readonly frames: Readonly<Record<string, number>>;
}

/**
 * Turns bytes into readings, pull-based: `append` bytes as they come, then call `next` until it returns
 * undefined. Never throws on bytes; holds at most a bounded number of them; resynchronises by itself and
 * counts what it discarded. The result does not depend on how the bytes were cut into chunks.
 */
export interface Decoder {
  append(bytes: Uint8Array): void;
  /** The next reading, or undefined when more bytes are needed. The object is reused by the next call. */
  next(): Reading | undefined;
  readonly discarded: Discarded;
  /** Of the last thing that was refused, `found ..., expected ...` for people; undefined where nothing is to be said. */
  explain?(): string | undefined;
  /** Forget buffered bytes (after a reconnect); counts them as discarded. */
  reset(): void;
}

/**
 * The asking side of a polled protocol: a pure schedule with one outstanding request. The caller owns the clock
 * and the port. It calls `due` after every drained `append` and whenever its clock reaches `nextUs`, and writes
 * what it gets through `guardWrites` (allow-list.ts). Poller and decoder of one protocol share their exchange,
 * so the caller does not have to tell one about the other.
 */
export interface Poller {
  /** Bytes to send now, or undefined. Counts a time-out when the outstanding request got no answer. */
  due(nowUs: number): Uint8Array | undefined;
  /** When `due` wants to be called next at the latest, in the caller's microseconds. */
  readonly nextUs: number;
  readonly timeouts: number;
  /** Forget the outstanding request and begin anew (after a reconnect). */
  reset(): void;
}
