import type { ServerResponse } from 'node:http';
import { type Cursor, type LiveFeed, newCursor } from './feed.ts';

const periodMs = 100;
/** A client that takes nothing for so long is dropped; a page that lives connects again. */
const stuckMs = 30_000;
const quietMs = 10_000;

interface Client {
  response: ServerResponse;
  cursor: Cursor;
  lastWriteMs: number;
}

/**
 * Server-sent events: at most ten a second and client. Before each write the client's socket must have taken the
 * last one; until then it gets nothing, and then everything it missed in one event. So at most one event a
 * client waits in memory.
 */
export class Pusher {
  readonly maxClients: number;
  /** Times that a client was left out because it had not taken the last event yet. */
  skipped = 0;
  /** Clients dropped because they took nothing for 30 s. */
  dropped = 0;
  readonly #feed: LiveFeed;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(feed: LiveFeed, maxClients = 16) {
    this.#feed = feed;
    this.maxClients = maxClients;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** False when there are too many clients already; the caller answers. */
  add(response: ServerResponse): boolean {
    if (this.#clients.size >= this.maxClients) return false;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 2000\n\n');
    const client: Client = { response, cursor: newCursor(), lastWriteMs: performance.now() };
    this.#clients.add(client);
    response.on('close', () => this.#remove(client));
    this.#write(client, performance.now());
    this.#timer ??= setInterval(() => this.#tick(), periodMs);
    return true;
  }

  close(): void {
    for (const client of [...this.#clients]) {
      client.response.destroy();
      this.#remove(client);
    }
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const client of this.#clients) {
      if (client.response.writableLength === 0) {
        this.#write(client, nowMs);
      } else {
        this.skipped++;
        if (nowMs - client.lastWriteMs > stuckMs) {
          this.dropped++;
          client.response.destroy();
        }
      }
    }
  }

  #write(client: Client, nowMs: number): void {
    const delta = this.#feed.read(client.cursor);
    if (delta) client.response.write(`data: ${JSON.stringify(delta)}\n\n`);
    else if (nowMs - client.lastWriteMs > quietMs) client.response.write(': still here\n\n');
    else return;
    client.lastWriteMs = nowMs;
  }
}
