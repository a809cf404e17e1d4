import type { Discarded } from './decoder.ts';

/** Counts what a decoder refused; reasons come from the code, never from the bytes, so the record stays small. */
export class DiscardCounter implements Discarded {
  bytes = 0;
  readonly frames: Record<string, number> = {};

  /** One frame or line of `bytes` bytes was refused. */
  add(reason: string, bytes: number): void {
    this.bytes += bytes;
    this.frames[reason] = (this.frames[reason] ?? 0) + 1;
  }
}
