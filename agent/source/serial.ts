import { SerialPort } from 'serialport';
import { explainOpenError } from './port-error.ts';
import { type Link, type LinkHandlers, Reconnector } from './reconnector.ts';
import { isPolled, TtyReader } from './tty-reader.ts';

export interface SerialOptions {
  /** Device path, best a stable one below /dev/serial/by-id. */
  readonly path: string;
  readonly baudRate: number;
  /** Bytes in the first milliseconds after opening are discarded: many boards reset then. */
  readonly settleMs?: number | undefined;
  /** Set the line after opening; undefined leaves it as the driver does. */
  readonly dtr?: boolean | undefined;
  readonly rts?: boolean | undefined;
  /** Without a byte for so long the port is closed and opened again; 0 never. Default 10 s. */
  readonly silenceMs?: number | undefined;
  /** Bytes may gather for so long before they are read: fewer wake-ups, less CPU. Default 10 ms. */
  readonly gatherMs?: number | undefined;
  readonly baseMs?: number | undefined;
  readonly maxMs?: number | undefined;
}

/** Bytes that may wait to be sent: some hundred read requests. */
const maxUnsent = 4096;

/**
 * A serial port that is waited for, read, and opened again for ever. The port is opened exclusively, and a new port
 * object is made each time.
 */
export class SerialSource extends Reconnector {
  constructor(options: SerialOptions) {
    super({
      open: (handlers) => openPort(options, handlers),
      silenceMs: options.silenceMs ?? 10_000,
      settleMs: options.settleMs,
      baseMs: options.baseMs,
      maxMs: options.maxMs,
    });
  }
}

async function openPort(options: SerialOptions, handlers: LinkHandlers): Promise<Link> {
  const { path, baudRate, dtr, rts } = options;
  const port = await SerialPort.binding.open({ path, baudRate, hupcl: false }).catch(async (error: Error) => {
    throw new Error(await explainOpenError(path, error));
  });
  if (!isPolled(port)) {
    await port.close();
    throw new Error(`${path}: this platform's serial ports cannot be polled`);
  }
  if (dtr !== undefined || rts !== undefined) {
    await port.set({ dtr, rts }).catch((error: Error) => {
      handlers.onLost(`${path}: cannot set DTR or RTS: ${error.message}`);
    });
  }
  const reader = new TtyReader(port, options.gatherMs ?? 10, handlers);
  reader.start();
  let unsent = 0;
  let sending = Promise.resolve();
  return {
    write(bytes) {
      if (unsent + bytes.length > maxUnsent) {
        handlers.onLost(`${path}: ${unsent} bytes could not be sent`);
        return;
      }
      const copy = Buffer.from(bytes);
      unsent += copy.length;
      sending = sending
        .then(() => port.write(copy))
        .then(() => {
          unsent -= copy.length;
        })
        .catch((error: Error) => handlers.onLost(`${path}: ${error.message}`));
    },
    async close() {
      reader.stop();
      if (port.isOpen) await port.close().catch(() => undefined);
    },
  };
}
