import type { Log } from './connection.ts';
import { DiskOutbox } from './disk-outbox.ts';
import {
  MemoryOutbox,
  type Message,
  type OnDrop,
  type Outbox,
  type OutboxEntry,
  type OutboxLimits,
} from './outbox.ts';

/**
 * The outbox of a folder, or of memory alone where there is no folder. A disk that fails (full, worn out, read-only)
 * must not silence the robot: from then on the outbox goes on in memory, and the log says so.
 */
export function openOutbox(
  folder: string | undefined,
  limits: OutboxLimits,
  onDrop: OnDrop,
  log: Log,
): Outbox {
  if (folder === undefined) return new MemoryOutbox(limits, onDrop);
  try {
    return new FailSafe(new DiskOutbox(folder, limits, onDrop), limits, onDrop, log);
  } catch (error) {
    log.warn(`outbox ${folder}: ${(error as Error).message}; keeping it in memory, a restart will lose it`);
    return new MemoryOutbox(limits, onDrop);
  }
}

class FailSafe implements Outbox {
  #outbox: Outbox;
  #failed = false;
  readonly #limits: OutboxLimits;
  readonly #onDrop: OnDrop;
  readonly #log: Log;

  constructor(disk: Outbox, limits: OutboxLimits, onDrop: OnDrop, log: Log) {
    this.#outbox = disk;
    this.#limits = limits;
    this.#onDrop = onDrop;
    this.#log = log;
  }

  get bytes(): number {
    return this.#outbox.bytes;
  }

  get messages(): number {
    return this.#outbox.messages;
  }

  has(topic: string): boolean {
    return this.#outbox.has(topic);
  }

  append(message: Message, nowMs: number): void {
    this.#guard((outbox) => outbox.append(message, nowMs));
  }

  read(afterId: number, count: number): OutboxEntry[] {
    return this.#guard((outbox) => outbox.read(afterId, count));
  }

  acknowledge(id: number): void {
    this.#guard((outbox) => outbox.acknowledge(id));
  }

  expire(nowMs: number): void {
    this.#guard((outbox) => outbox.expire(nowMs));
  }

  close(): void {
    this.#guard((outbox) => outbox.close());
  }

  #guard<T>(action: (outbox: Outbox) => T): T {
    if (this.#failed) return action(this.#outbox);
    try {
      return action(this.#outbox);
    } catch (error) {
      this.#failed = true;
      this.#log.warn(`outbox: ${(error as Error).message}; going on in memory, a restart will lose it`);
      this.#outbox = new MemoryOutbox(this.#limits, this.#onDrop, this.#rescue());
      return action(this.#outbox);
    }
  }

  #rescue(): OutboxEntry[] {
    try {
      return this.#outbox.read(0, Number.POSITIVE_INFINITY);
    } catch {
      this.#onDrop('unreadable');
      return [];
    }
  }
}
