import { connect } from 'node:net';
import { type Link, type LinkHandlers, Reconnector } from './reconnector.ts';

export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  /** Without a byte for so long the connection is closed and made again; 0 never. Default 10 s. */
  readonly silenceMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly baseMs?: number | undefined;
  readonly maxMs?: number | undefined;
}

/** Bytes that may wait to be sent before the connection counts as stuck. */
const maxUnsent = 4096;

/** Raw bytes over TCP, as ser2net (`raw` or `rawtcp`) and ESP32 serial bridges give them; reconnects for ever. */
export class TcpSource extends Reconnector {
  constructor(options: TcpOptions) {
    super({
      open: (handlers, signal) => openSocket(options, handlers, signal),
      silenceMs: options.silenceMs ?? 10_000,
      baseMs: options.baseMs,
      maxMs: options.maxMs,
    });
  }
}

function openSocket(options: TcpOptions, handlers: LinkHandlers, signal: AbortSignal): Promise<Link> {
  const { host, port, connectTimeoutMs = 5000 } = options;
  const name = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${connectTimeoutMs / 1000} s`));
    }, connectTimeoutMs);
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new Error(`${name}: ${reason}`));
      handlers.onLost(`${name}: ${reason}`);
    };
    socket.on('data', (bytes) => handlers.onBytes(bytes));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('the other side closed the connection'));
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve({
        write(bytes) {
          if (socket.writableLength > maxUnsent) socket.destroy(new Error('bytes could not be sent'));
          else socket.write(Uint8Array.from(bytes));
        },
        async close() {
          socket.destroy();
        },
      });
    });
  });
}
