import { z } from 'zod';
import { createReading, type Reading } from '../signal/sample.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { cobsDecode } from './cobs.ts';
import { crc16, xmodem } from './crc.ts';
import type { Decoder, Discarded } from './decoder.ts';
import { DiscardCounter } from './discard-counter.ts';
import { channelName } from './spec-parts.ts';

/**
 * underfoot binary, one frame a reading, all numbers little-endian:
 *   version u8 = 1, sequence u16, time u32 in us, n x float32 in A, CRC-16/XMODEM of all before it u16
 * as COBS, ended by 0x00. scripts/firmware has the sending side.
 */
export const binaryVersion = 1;
export const maxBinaryChannels = 16;
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
export class UnderfootBinaryDecoder implements Decoder {
  readonly #buffer = new ByteBuffer();
  readonly #discarded = new DiscardCounter();
  readonly #frame = new Uint8Array(maxFrameBytes);
  readonly #view = new DataView(this.#frame.buffer);
  readonly #reading: Reading;
  readonly #channels: number;
  readonly #midStream: boolean;
  #scanned = 0;
  #overlong = false;
  #first: boolean;

  constructor(channels: number, midStream = true) {
    this.#channels = channels;
    this.#reading = createReading(channels);
    this.#midStream = midStream;
    this.#first = midStream;
  }

  get discarded(): Discarded {
    return this.#discarded;
  }

  append(bytes: Uint8Array): void {
    const dropped = this.#buffer.append(bytes);
    if (dropped > 0) this.#discarded.add('overflow', dropped);
    if (dropped > 0) this.#scanned = 0;
  }

  next(): Reading | undefined {
    const buffer = this.#buffer;
    for (;;) {
      const { bytes, head, tail } = buffer;
      let at = head + this.#scanned;
      while (at < tail && bytes[at] !== 0) at++;
      if (at - head > maxEncodedBytes && !this.#overlong) {
        this.#overlong = true;
        this.#discarded.add('overlong', 0);
      }
      const ended = at < tail;
      this.#scanned = ended ? 0 : at - head;
      if (this.#overlong) this.#drop(ended ? at + 1 : tail);
      if (!ended) return undefined;
      if (this.#overlong) {
        this.#overlong = false;
        this.#first = false;
        continue;
      }
      buffer.head = at + 1;
      const reason = this.#read(bytes, head, at);
      const first = this.#first;
      this.#first = false;
      if (reason === '') return this.#reading;
      this.#discarded.add(first ? 'start' : reason, at + 1 - head);
    }
  }

  reset(): void {
    const dropped = this.#buffer.clear();
    if (dropped > 0) this.#discarded.add('reset', dropped);
    this.#scanned = 0;
    this.#overlong = false;
    this.#first = this.#midStream;
  }

  #drop(until: number): void {
    this.#discarded.bytes += until - this.#buffer.head;
    this.#buffer.head = until;
    this.#scanned = 0;
  }

  #read(bytes: Uint8Array, start: number, end: number): string {
    const length = cobsDecode(bytes, start, end, this.#frame);
    if (length < 0) return 'cobs';
    if (length < overheadBytes) return 'length';
    const view = this.#view;
    if (crc16(xmodem, this.#frame, 0, length - 2) !== view.getUint16(length - 2, true)) return 'crc';
    if (this.#frame[0] !== binaryVersion) return 'version';
    if (length !== overheadBytes + 4 * this.#channels) return 'length';
    const reading = this.#reading;
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
