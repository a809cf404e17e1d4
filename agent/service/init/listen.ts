import { UserError } from '../../errors.ts';
import { createSource } from '../../source/create.ts';
import { guessProtocol } from './guess.ts';
import type { Guess } from './guessed.ts';

/** Usual rates, most frequent first. */
export const baudRates = [115200, 9600, 57600, 38400, 19200, 230400, 460800, 921600, 1000000] as const;

export interface Heard {
  bytes: Uint8Array;
  seconds: number;
}

const maxBytes = 1_000_000;
/** What waited in the driver's buffer would make the rate look too high. */
const settleMs = 200;

/**
 * Listens to a port for some seconds, and sends nothing: a motor controller must not get bytes that nobody meant. Rejects
 * with a UserError when the port cannot be opened.
 */
export function listen(
  port: string,
  baudRate: number,
  seconds: number,
  onBytes: (bytes: Uint8Array) => void = () => undefined,
): Promise<Heard> {
  const source = createSource({ kind: 'serial', port, baudRate, settleMs, silenceS: 3600 });
  const chunks: Buffer[] = [];
  let size = 0;
  let firstUs = Number.NaN;
  let lastUs = Number.NaN;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (error?: Error): void => {
      clearTimeout(timer);
      void source.close().then(() => {
        if (error) reject(error);
        else resolve({ bytes: Buffer.concat(chunks), seconds: (lastUs - firstUs) / 1e6 || 0 });
      });
    };
    source.start({
      onBytes(bytes, arrivalUs) {
        if (size > maxBytes) return;
        firstUs = Number.isNaN(firstUs) ? arrivalUs : firstUs;
        lastUs = arrivalUs;
        size += bytes.length;
        chunks.push(Buffer.from(bytes));
        onBytes(bytes);
      },
      onState(state, reason) {
        if (state === 'open') timer = setTimeout(end, seconds * 1000);
        if (state === 'waiting') end(new UserError(reason ?? `${port}: cannot be opened`, 69));
      },
    });
  });
}

export interface Found {
  baudRate: number;
  guess: Guess | undefined;
  heard: Heard;
}

/** Tries baud rates until what is heard makes sense; else the one at which most was heard. */
export async function findProtocol(
  port: string,
  rates: readonly number[],
  seconds: number,
  onTry: (baudRate: number) => void,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<Found> {
  let best: Found | undefined;
  for (const baudRate of rates) {
    onTry(baudRate);
    const heard = await listen(port, baudRate, seconds, onBytes);
    const guess = guessProtocol(heard.bytes, heard.seconds);
    const found = { baudRate, guess, heard };
    if (guess && guess.share > 0.9) return found;
    if (!best || (guess?.share ?? 0) > (best.guess?.share ?? 0)) best = found;
    // Silence is silence at every rate.
    if (heard.bytes.length === 0) break;
  }
  return best!;
}
