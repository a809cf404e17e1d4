import type { Config } from './config/schema.ts';
import { guardWrites } from './protocol/allow-list.ts';
import type { Protocol } from './protocol/registry.ts';
import { createSource } from './source/create.ts';
import { PollLoop } from './source/poll-loop.ts';
import type { ByteSource, SourceState } from './source/source.ts';

/** Where the bytes of a port go. */
export interface LiveHandlers {
  /** The memory is used again for the next bytes. */
  onBytes(bytes: Uint8Array, arrivalUs: number): void;
  /** The bytes that follow do not continue the ones before: the port was opened, for the first time or again. */
  onOpen(): void;
  onState?(state: SourceState, reason: string | undefined): void;
}

/**
 * A robot's port and the side of its protocol that asks:
 *
 *   port --bytes--> handlers (a decoder, a pipeline)
 *   poller --requests--> allow-list --> port
 */
export class Live {
  readonly protocol: Protocol;
  state: SourceState = 'closed';
  /** Why the port is not open, in the source's words. */
  reason: string | undefined;
  /** When the last byte came or the port was opened (us on the process's monotonic clock). */
  heardUs = 0;
  readonly #spec: Config['source'];
  readonly #source: ByteSource;
  readonly #polling: PollLoop | undefined;

  /** `protocol`: made of `config.protocol`; its decoder belongs to whoever handles the bytes. */
  constructor(config: Pick<Config, 'source' | 'protocol'>, protocol: Protocol) {
    const { poller } = protocol;
    this.protocol = protocol;
    this.#spec = config.source;
    const source = createSource(config.source, { polled: poller !== undefined });
    this.#source = source;
    this.#polling =
      poller &&
      new PollLoop(
        poller,
        guardWrites(config.protocol.name, (bytes) => source.write(bytes)),
      );
  }

  /** The port or address, as the configuration names it. */
  get name(): string {
    return this.#spec.kind === 'tcp' ? `${this.#spec.host}:${this.#spec.port}` : this.#spec.port;
  }

  get kind(): Config['source']['kind'] {
    return this.#spec.kind;
  }

  /** Requests without an answer in time; undefined where nothing is asked. */
  get timeouts(): number | undefined {
    return this.protocol.poller?.timeouts;
  }

  /** Requests that found the port closed and were not sent; undefined where nothing is asked. */
  get droppedWrites(): number | undefined {
    return this.#polling && this.#source.droppedWrites;
  }

  /** Times that the port was opened. */
  get opened(): number {
    return this.#source.opened;
  }

  /** Once. Resolves when the port is open, or is known not to be there and is waited for. */
  start(handlers: LiveHandlers): Promise<void> {
    return new Promise((resolve) => {
      this.#source.start({
        onBytes: (bytes, arrivalUs) => {
          this.heardUs = arrivalUs;
          handlers.onBytes(bytes, arrivalUs);
          this.#polling?.kick();
        },
        onState: (state, reason) => {
          this.state = state;
          this.reason = reason;
          if (state === 'open') {
            this.heardUs = Math.round(performance.now() * 1000);
            handlers.onOpen();
            this.#polling?.start();
          } else this.#polling?.stop();
          handlers.onState?.(state, reason);
          if (state !== 'opening') resolve();
        },
      });
    });
  }

  async close(): Promise<void> {
    this.#polling?.stop();
    await this.#source.close();
  }
}
