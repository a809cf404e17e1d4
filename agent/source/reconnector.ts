import { backoffMs } from '../backoff.ts';
import type { ByteSource, SourceHandlers } from './source.ts';

/** One open connection; used once. */
export interface Link {
  /** Must not throw. */
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** What a link tells its owner. */
export interface LinkHandlers {
  onBytes(bytes: Uint8Array): void;
  /** The link is of no use any more; called once at most counts. */
  onLost(reason: string): void;
}

export interface ReconnectorOptions {
  /** Opens one link, or rejects with an error whose message is for a person; `signal` says that nobody waits for it. */
  open(handlers: LinkHandlers, signal: AbortSignal): Promise<Link>;
  /** Without a byte for so long the link is taken for dead and opened anew; 0 never. */
  readonly silenceMs: number;
  /** Bytes that come in this time after opening are discarded. */
  readonly settleMs?: number | undefined;
  readonly baseMs?: number | undefined;
  readonly maxMs?: number | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * Keeps one link open for ever: a new link object each time, with a capped and jittered wait between attempts that only
 * a byte, not a mere opening, takes back to its beginning. A link that is silent is closed: some adapters vanish without
 * an error.
 */
export class Reconnector implements ByteSource {
  droppedWrites = 0;
  opened = 0;
  readonly #options: ReconnectorOptions;
  #handlers: SourceHandlers | undefined;
  #link: Link | undefined;
  #timer: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #attempt = 0;
  /** Tells the links apart: what an older one still says is not heard. */
  #generation = 0;
  #settledAtMs = 0;
  #busy: Promise<void> = Promise.resolve();
  readonly #abort = new AbortController();

  constructor(options: ReconnectorOptions) {
    this.#options = options;
  }

  start(handlers: SourceHandlers): void {
    if (this.#handlers) throw new Error('a source is started once');
    this.#handlers = handlers;
    this.#busy = this.#open();
  }

  write(bytes: Uint8Array): void {
    if (this.#link) this.#link.write(bytes);
    else this.droppedWrites += 1;
  }

  async close(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#generation += 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    await this.#busy;
    await this.#dropLink();
    this.#handlers?.onState('closed');
  }

  async #open(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const current = () => generation === this.#generation;
    this.#handlers?.onState('opening');
    let lost: string | undefined;
    try {
      const handlers: LinkHandlers = {
        onBytes: (bytes) => current() && this.#onBytes(bytes),
        onLost: (reason) => {
          lost ??= reason;
          if (current() && this.#link) this.#lose(reason);
        },
      };
      this.#link = await this.#options.open(handlers, this.#abort.signal);
      if (!current()) return;
    } catch (error) {
      if (current()) this.#wait((error as Error).message);
      return;
    }
    this.opened += 1;
    this.#settledAtMs = performance.now() + (this.#options.settleMs ?? 0);
    this.#listen();
    this.#handlers?.onState('open');
    if (lost !== undefined) this.#lose(lost);
  }

  #onBytes(bytes: Uint8Array): void {
    const nowMs = performance.now();
    this.#attempt = 0;
    this.#silence?.refresh();
    if (nowMs >= this.#settledAtMs) this.#handlers?.onBytes(bytes, Math.round(nowMs * 1000));
  }

  #listen(): void {
    const { silenceMs, settleMs = 0 } = this.#options;
    clearTimeout(this.#silence);
    if (silenceMs <= 0) return;
    this.#silence = setTimeout(
      () => this.#lose(`no byte for ${silenceMs / 1000} s`),
      Math.max(silenceMs, settleMs),
    );
  }

  #lose(reason: string): void {
    this.#generation += 1;
    clearTimeout(this.#silence);
    this.#busy = this.#dropLink();
    this.#wait(reason);
  }

  #wait(reason: string): void {
    const { baseMs = 250, maxMs = 5000, random = Math.random } = this.#options;
    this.#handlers?.onState('waiting', reason);
    if (this.#abort.signal.aborted) return;
    const delayMs = backoffMs(this.#attempt, baseMs, maxMs, random);
    this.#attempt += 1;
    this.#timer = setTimeout(() => {
      this.#busy = this.#busy.then(() => this.#open());
    }, delayMs);
  }

  async #dropLink(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }
}
