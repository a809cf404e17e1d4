/** A message on its way to the broker. */
export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** When it was made, in milliseconds since 1970. */
  readonly createdMs: number;
  /** After so many seconds it is of no use to anyone. */
  readonly expiryS?: number;
  /** Correlation data of the request that it answers, base64. */
  readonly correlation?: string;
}

export interface OutboxEntry {
  /** Ascending, never reused. */
  readonly id: number;
  readonly message: Message;
}

export interface OutboxLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** Calls back once for every message that is given up. */
export type OnDrop = (topic: string) => void;

/**
 * Messages of QoS 1 that the broker has not acknowledged, oldest first. Bounded in bytes and age: the oldest go first,
 * and each is counted through `onDrop`.
 */
export interface Outbox {
  readonly bytes: number;
  readonly messages: number;
  /** Whether a message of this topic waits. */
  has(topic: string): boolean;
  append(message: Message, nowMs: number): void;
  /** Up to `count` entries with an id above `afterId`, oldest first. */
  read(afterId: number, count: number): OutboxEntry[];
  /** Forgets the entry with this id and all before it: the broker has them. */
  acknowledge(id: number): void;
  expire(nowMs: number): void;
  close(): void;
}

/** Whether nobody wants this message any more. */
export function isExpired(message: Message, nowMs: number, maxAgeMs = Number.POSITIVE_INFINITY): boolean {
  const age = nowMs - message.createdMs;
  return age > maxAgeMs || (message.expiryS !== undefined && age > message.expiryS * 1000);
}

/** An outbox in memory, for agents without a folder to keep it in: it does not outlive the process. */
export class MemoryOutbox implements Outbox {
  bytes = 0;
  readonly #entries: OutboxEntry[] = [];
  readonly #limits: OutboxLimits;
  readonly #onDrop: OnDrop;
  #nextId: number;

  constructor(limits: OutboxLimits, onDrop: OnDrop, entries: readonly OutboxEntry[] = []) {
    this.#limits = limits;
    this.#onDrop = onDrop;
    this.#entries.push(...entries);
    for (const { message } of entries) this.bytes += sizeOf(message);
    this.#nextId = (entries.at(-1)?.id ?? 0) + 1;
  }

  get messages(): number {
    return this.#entries.length;
  }

  has(topic: string): boolean {
    return this.#entries.some((entry) => entry.message.topic === topic);
  }

  append(message: Message, nowMs: number): void {
    this.expire(nowMs);
    const size = sizeOf(message);
    if (size > this.#limits.maxBytes) {
      this.#onDrop(message.topic);
      return;
    }
    while (this.bytes + size > this.#limits.maxBytes) this.#drop();
    this.#entries.push({ id: this.#nextId++, message });
    this.bytes += size;
  }

  read(afterId: number, count: number): OutboxEntry[] {
    const from = this.#entries.findIndex((entry) => entry.id > afterId);
    return from < 0 ? [] : this.#entries.slice(from, from + count);
  }

  acknowledge(id: number): void {
    while (this.#entries.length > 0 && this.#entries[0].id <= id) this.#shift();
  }

  expire(nowMs: number): void {
    while (this.#entries.length > 0 && isExpired(this.#entries[0].message, nowMs, this.#limits.maxAgeMs))
      this.#drop();
  }

  close(): void {}

  #drop(): void {
    this.#onDrop(this.#shift().topic);
  }

  #shift(): Message {
    const { message } = this.#entries.shift() as OutboxEntry;
    this.bytes -= sizeOf(message);
    return message;
  }
}

function sizeOf(message: Message): number {
  return Buffer.byteLength(message.payload) + Buffer.byteLength(message.topic) + 64;
}
