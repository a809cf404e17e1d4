const initialCapacity = 4096;

/** Unread bytes above which `append` gives up the old ones: nobody is draining the decoder. */
const maxUnread = 1 << 20;

/**
 * Unread bytes in one contiguous array: decoders look at `bytes[head..tail)` and advance `head`. Appending copies,
 * so the caller may reuse its chunk; the array is reused, so nothing is allocated once it has grown to the size of
 * the largest chunk plus one frame. Holds at most `maxUnread` bytes plus one chunk.
 */
export class ByteBuffer {
  bytes = new Uint8Array(initialCapacity);
  head = 0;
  tail = 0;

  get length(): number {
    return this.tail - this.head;
  }

  /** Returns how many unread bytes had to be given up to stay bounded (0 in any sane use). */
  append(chunk: Uint8Array): number {
    let dropped = 0;
    if (this.length > maxUnread) dropped = this.clear();
    if (this.head === this.tail) this.head = this.tail = 0;
    if (this.tail + chunk.length > this.bytes.length) this.#makeRoom(chunk.length);
    this.bytes.set(chunk, this.tail);
    this.tail += chunk.length;
    return dropped;
  }

  /** Forgets everything unread and returns how many bytes that were. */
  clear(): number {
    const unread = this.length;
    this.head = this.tail = 0;
    return unread;
  }

  #makeRoom(count: number): void {
    const unread = this.length;
    if (unread + count <= this.bytes.length) {
      this.bytes.copyWithin(0, this.head, this.tail);
    } else {
      const grown = new Uint8Array(Math.max(2 * this.bytes.length, unread + count));
      grown.set(this.bytes.subarray(this.head, this.tail));
      this.bytes = grown;
    }
    this.head = 0;
    this.tail = unread;
  }
}
