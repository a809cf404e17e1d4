import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  isExpired,
  type Message,
  type OnDrop,
  type Outbox,
  type OutboxEntry,
  type OutboxLimits,
} from './outbox.ts';
import { decodeSegment, encodeEntry, segmentId, segmentName } from './segment.ts';

interface Segment {
  readonly firstId: number;
  readonly file: string;
  bytes: number;
}

/** The outbox is this many segments large when full; the oldest goes as a whole. */
const segmentsWhenFull = 16;

/**
 * An outbox in a folder: segments of lines, and `head`, which holds the last id that the broker acknowledged. Each
 * message is written before `append` returns, so it outlives a kill of the process; a power cut may take the last
 * moments, as the disk is asked to sync but not waited for. Throws what node:fs throws.
 *
 *   000000000000001.outbox  000000000000320.outbox  head
 */
export class DiskOutbox implements Outbox {
  bytes = 0;
  readonly #folder: string;
  readonly #limits: OutboxLimits;
  readonly #onDrop: OnDrop;
  readonly #segments: Segment[] = [];
  readonly #byTopic = new Map<string, number>();
  readonly #headFd: number;
  #head: number;
  #nextId: number;
  #tailFd: number | undefined;
  #syncing = false;
  /** Parsed segments: the one being sent and the one being written. */
  readonly #cache = new Map<number, OutboxEntry[]>();

  constructor(folder: string, limits: OutboxLimits, onDrop: OnDrop) {
    this.#folder = folder;
    this.#limits = limits;
    this.#onDrop = onDrop;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const head = join(folder, 'head');
    closeSync(openSync(head, 'a', 0o600));
    this.#headFd = openSync(head, 'r+');
    this.#head = Number.parseInt(readFileSync(this.#headFd, 'utf8'), 10) || 0;
    this.#nextId = this.#head + 1;
    this.#open();
  }

  get messages(): number {
    let sum = 0;
    for (const n of this.#byTopic.values()) sum += n;
    return sum;
  }

  has(topic: string): boolean {
    return (this.#byTopic.get(topic) ?? 0) > 0;
  }

  append(message: Message, nowMs: number): void {
    this.expire(nowMs);
    const line = encodeEntry(this.#nextId, message);
    if (line.length > this.#limits.maxBytes / segmentsWhenFull) {
      this.#onDrop(message.topic);
      return;
    }
    while (this.#segments.length > 0 && this.bytes + line.length > this.#limits.maxBytes) {
      this.#forget(this.#lastIdOf(0), this.#onDrop);
    }
    const segment = this.#tail(line.length);
    writeSync(this.#tailFd as number, line);
    segment.bytes += line.length;
    this.bytes += line.length;
    this.#cache.get(segment.firstId)?.push({ id: this.#nextId, message });
    this.#count(message.topic, 1);
    this.#nextId++;
    this.#sync();
  }

  read(afterId: number, count: number): OutboxEntry[] {
    const found: OutboxEntry[] = [];
    const from = Math.max(afterId, this.#head);
    for (const [i, segment] of this.#segments.entries()) {
      if (found.length >= count) break;
      if (this.#lastIdOf(i) <= from) continue;
      for (const entry of this.#entries(segment)) {
        if (entry.id > from && found.length < count) found.push(entry);
      }
    }
    return found;
  }

  acknowledge(id: number): void {
    this.#forget(id, () => {});
  }

  expire(nowMs: number): void {
    for (;;) {
      const oldest = this.read(0, 1)[0];
      if (oldest === undefined || !isExpired(oldest.message, nowMs, this.#limits.maxAgeMs)) return;
      this.#forget(oldest.id, this.#onDrop);
    }
  }

  close(): void {
    if (this.#tailFd !== undefined) closeSync(this.#tailFd);
    this.#tailFd = undefined;
    closeSync(this.#headFd);
  }

  /** Takes up what an earlier process left; never appends to its files, whose end may be torn. */
  #open(): void {
    const ids = readdirSync(this.#folder).map(segmentId);
    for (const firstId of ids.filter((id) => id !== undefined).sort((a, b) => a - b)) {
      const file = join(this.#folder, segmentName(firstId));
      const segment = { firstId, file, bytes: statSync(file).size };
      const entries = decodeSegment(readFileSync(file), () => this.#onDrop('damaged'));
      for (const entry of entries) if (entry.id > this.#head) this.#count(entry.message.topic, 1);
      this.#nextId = Math.max(this.#nextId, firstId + 1, (entries.at(-1)?.id ?? 0) + 1);
      this.#segments.push(segment);
      this.bytes += segment.bytes;
    }
    this.#forget(this.#head, () => {});
  }

  /** Moves the head to `id`, names each message that this ends, and removes the segments before it. */
  #forget(id: number, each: OnDrop): void {
    for (let i = 0; i < this.#segments.length && this.#segments[i].firstId <= id; i++) {
      for (const entry of this.#entries(this.#segments[i])) {
        if (entry.id <= this.#head || entry.id > id) continue;
        this.#count(entry.message.topic, -1);
        each(entry.message.topic);
      }
    }
    if (id > this.#head) {
      this.#head = id;
      writeSync(this.#headFd, `${String(id).padStart(15, '0')}\n`, 0);
    }
    while (this.#segments.length > 1 && this.#lastIdOf(0) <= this.#head) this.#removeFirst();
    if (this.#segments.length === 1 && this.#lastIdOf(0) <= this.#head) this.#emptyTail();
  }

  #lastIdOf(i: number): number {
    return i + 1 < this.#segments.length ? this.#segments[i + 1].firstId - 1 : this.#nextId - 1;
  }

  #removeFirst(): void {
    const segment = this.#segments.shift() as Segment;
    this.bytes -= segment.bytes;
    this.#cache.delete(segment.firstId);
    unlinkSync(segment.file);
  }

  /** All is delivered: one empty file stays, so that a quiet agent does not make and remove files all day. */
  #emptyTail(): void {
    if (this.#tailFd === undefined) {
      this.#removeFirst();
      return;
    }
    const tail = this.#segments[0];
    ftruncateSync(this.#tailFd, 0);
    this.bytes -= tail.bytes;
    tail.bytes = 0;
    this.#cache.set(tail.firstId, []);
  }

  /** The segment to write to, with room for `bytes` more. */
  #tail(bytes: number): Segment {
    const last = this.#segments.at(-1);
    const room = this.#limits.maxBytes / segmentsWhenFull;
    if (this.#tailFd !== undefined && last !== undefined && last.bytes + bytes <= room) return last;
    if (this.#tailFd !== undefined) closeSync(this.#tailFd);
    const segment = { firstId: this.#nextId, file: join(this.#folder, segmentName(this.#nextId)), bytes: 0 };
    this.#tailFd = openSync(segment.file, 'ax', 0o600);
    this.#segments.push(segment);
    this.#cache.set(segment.firstId, []);
    return segment;
  }

  /** Parsed entries of a segment; only the oldest and the newest stay in memory. */
  #entries(segment: Segment): readonly OutboxEntry[] {
    const known = this.#cache.get(segment.firstId);
    if (known !== undefined) return known;
    const entries = decodeSegment(readFileSync(segment.file));
    const tail = this.#segments.at(-1)?.firstId;
    for (const firstId of this.#cache.keys()) if (firstId !== tail) this.#cache.delete(firstId);
    this.#cache.set(segment.firstId, entries);
    return entries;
  }

  #count(topic: string, by: number): void {
    const n = (this.#byTopic.get(topic) ?? 0) + by;
    if (n === 0) this.#byTopic.delete(topic);
    else this.#byTopic.set(topic, n);
  }

  #sync(): void {
    if (this.#syncing || this.#tailFd === undefined) return;
    this.#syncing = true;
    // A disk that cannot sync still keeps what a kill of the process would take.
    fdatasync(this.#tailFd, () => {
      this.#syncing = false;
    });
  }
}
