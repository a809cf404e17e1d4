import { z } from 'zod';
import { cobsDecode } from './cobs.ts';
import { crc16, xmodem } from './crc.ts';
import { LineDecoder } from './line-decoder.ts';
import { channelName } from './spec-parts.ts';

/**
 * underfoot binary, one frame a reading, all numbers little-endian:
 *   version u8 = 1, sequence u16, time u32 in us, n x float32 in A, CRC-16/XMODEM of all before it u16
 * as COBS, ended by 0x00. scripts/firmware has the sending side.
 */
export const binaryVersion = 1;
const maxBinaryChannels = 16;
const overheadBytes = 9;
const maxFrameBytes = overheadBytes + 4 * maxBinaryChannels;
/** COBS adds one byte to a frame as short as this. */
const maxEncodedBytes = maxFrameBytes + 1;

export const binarySchema = z.strictObject({
  name: z.literal('underfoot'),
  channels: z
    .array(channelName)
    .min(1)
    .max(maxBinaryChannels)
    .default(['left', 'right'])
    .describe('Names of the values of a frame, in their order.'),
});

export type BinarySpec = z.infer<typeof binarySchema>;

/**
 * Refuses and counts frames that are no COBS (`cobs`), of the wrong length (`length`), with a wrong sum (`crc`), of another
 * version (`version`), with NaN or infinity (`nan`), without an end (`overlong`). Allocates nothing for a frame.
 */
export class UnderfootBinaryDecoder extends LineDecoder {
  readonly #frame = new Uint8Array(maxFrameBytes);
  readonly #view = new DataView(this.#frame.buffer);
  readonly #channels: number;

  constructor(channels: number, midStream = true) {
    super(channels, { lineEnd: 0, maxLength: maxEncodedBytes, midStream });
    this.#channels = channels;
  }

  protected refuse(): string {
    const { bytes, start, end, partial } = this.lines;
    const reason = this.#read(bytes, start, end);
    return reason !== '' && partial ? 'start' : reason;
  }

  #read(bytes: Uint8Array, start: number, end: number): string {
    const length = cobsDecode(bytes, start, end, this.#frame);
    if (length < 0) return 'cobs';
    if (length < overheadBytes) return 'length';
    const view = this.#view;
    if (crc16(xmodem, this.#frame, 0, length - 2) !== view.getUint16(length - 2, true)) return 'crc';
    if (this.#frame[0] !== binaryVersion) return 'version';
    if (length !== overheadBytes + 4 * this.#channels) return 'length';
    const { reading } = this;
    reading.sequence = view.getUint16(1, true);
    reading.deviceTicks = view.getUint32(3, true);
    for (let i = 0; i < this.#channels; i++) {
      const value = view.getFloat32(7 + 4 * i, true);
      if (!Number.isFinite(value)) return 'nan';
      reading.values[i] = value;
    }
    return '';
  }
}
