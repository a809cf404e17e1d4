import { cobsEncode } from '../../protocol/cobs.ts';
import { crc16, xmodem } from '../../protocol/crc.ts';
import { type BinarySpec, binaryVersion } from '../../protocol/underfoot-binary.ts';
import type { CurrentSource } from './device.ts';
import { StreamingDevice } from './streaming-device.ts';

/** One frame as the firmware in scripts/firmware sends it, with the zero that ends it. */
export function binaryFrame(sequence: number, timeUs: number, values: readonly number[]): Uint8Array {
  const frame = new Uint8Array(9 + 4 * values.length);
  const view = new DataView(frame.buffer);
  frame[0] = binaryVersion;
  view.setUint16(1, sequence % 65536, true);
  view.setUint32(3, timeUs % 2 ** 32, true);
  values.forEach((value, k) => {
    view.setFloat32(7 + 4 * k, value, true);
  });
  view.setUint16(frame.length - 2, crc16(xmodem, frame, 0, frame.length - 2), true);
  return Uint8Array.of(...cobsEncode(frame), 0);
}

/** The reference firmware. */
export function binaryDevice(spec: BinarySpec, rateHz: number, currentA: CurrentSource): StreamingDevice {
  return new StreamingDevice(rateHz, (timeUs, index) =>
    binaryFrame(
      index,
      timeUs,
      spec.channels.map((_, k) => currentA(k, timeUs)),
    ),
  );
}
