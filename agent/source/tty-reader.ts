import { readSync } from 'node:fs';

/** The part of serialport's Unix bindings that is used here. */
export interface PolledPort {
  readonly fd: number | null;
  readonly isOpen: boolean;
  readonly poller: { once(event: 'readable', callback: (error: Error | null) => void): unknown };
}

/** Whether a port of serialport's bindings can be polled (Linux and macOS can). */
export function isPolled<T extends object>(port: T): port is T & PolledPort {
  return 'fd' in port && 'poller' in port;
}

const bufferBytes = 65_536;
/** After a read that brought so many, more are waiting: no time to let them gather. */
const manyBytes = 2048;

/**
 * Reads an open, non-blocking serial port: waits until it is readable, lets bytes gather for some milliseconds, takes
 * all there are. At 1,000 lines a second and 10 ms that is less than 100 reads instead of 1,000. serialport's own read loop spins when
 * a hung-up terminal gives 0 bytes; here that is the end of the link.
 */
export class TtyReader {
  readonly #port: PolledPort;
  readonly #gatherMs: number;
  readonly #handlers: { onBytes(bytes: Uint8Array): void; onLost(reason: string): void };
  readonly #buffer = Buffer.alloc(bufferBytes);
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    port: PolledPort,
    gatherMs: number,
    handlers: { onBytes(bytes: Uint8Array): void; onLost(reason: string): void },
  ) {
    this.#port = port;
    this.#gatherMs = gatherMs;
    this.#handlers = handlers;
  }

  start(): void {
    this.#poll();
  }

  /** Before the port is closed: no byte is handed over after this. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  readonly #poll = (): void => {
    if (!this.#stopped) this.#port.poller.once('readable', this.#onReadable);
  };

  readonly #onReadable = (error: Error | null): void => {
    if (this.#stopped) return;
    if (error) this.#lost(error.message);
    else if (this.#gatherMs > 0) this.#timer = setTimeout(this.#read, this.#gatherMs);
    else this.#read();
  };

  readonly #read = (): void => {
    if (this.#stopped || this.#port.fd === null) return;
    let count: number;
    try {
      count = readSync(this.#port.fd, this.#buffer);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EINTR') this.#poll();
      else this.#lost(message);
      return;
    }
    if (count === 0) {
      this.#lost('the port hung up');
      return;
    }
    this.#handlers.onBytes(this.#buffer.subarray(0, count));
    if (count >= manyBytes) setImmediate(this.#read);
    else this.#poll();
  };

  #lost(reason: string): void {
    this.stop();
    this.#handlers.onLost(reason);
  }
}
