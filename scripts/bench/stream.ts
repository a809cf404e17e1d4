import { binaryFrame } from '../../agent/simulate/devices/underfoot-binary.ts';

export type Format = 'text' | 'binary';

/** Two channels that move like motor current, as raw ADC numbers. */
function raw(i: number): [number, number] {
  return [512 + 100 * Math.sin(i / 50) + ((i * 7919) % 13) / 10, 512 + 60 * Math.sin(i / 31) - (i % 7) / 10];
}

/** Sample `i` of a device that sends its time, two channels, and in binary also a sequence number and a CRC. */
export function message(format: Format, i: number, rateHz: number): Uint8Array {
  const [left, right] = raw(i);
  const timeUs = Math.round((i * 1e6) / rateHz);
  if (format === 'binary') return binaryFrame(i, timeUs, [left, right]);
  return Buffer.from(`${timeUs},${left.toFixed(2)},${right.toFixed(2)}\n`);
}

/** The bytes of `count` samples, cut where a read every four milliseconds would cut them. */
export function chunks(format: Format, count: number, rateHz: number): Uint8Array[] {
  const perChunk = Math.max(1, Math.round(rateHz * 0.004));
  const result: Uint8Array[] = [];
  for (let i = 0; i < count; i += perChunk) {
    const messages: Uint8Array[] = [];
    for (let k = i; k < Math.min(count, i + perChunk); k += 1) messages.push(message(format, k, rateHz));
    result.push(Buffer.concat(messages));
  }
  return result;
}
