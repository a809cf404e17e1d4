import { z } from 'zod';
import { crc16, crc16Byte, xmodem } from './crc.ts';
import type { Exchange } from './exchange.ts';
import { complete, FrameDecoder, noise } from './frame-decoder.ts';
import { channelNames, checkNames, rateHz, timeoutMs } from './spec-parts.ts';

/** RoboClaw packet serial, command 49: currents of M1 and M2 in steps of 10 mA (RoboClaw user manual). */
export const readCurrents = 49;
export const roboclawChannels: readonly string[] = ['m1', 'm2'];

export const roboclawSchema = z
  .strictObject({
    name: z.literal('roboclaw'),
    address: z.int().min(0x80).max(0x87).default(0x80).describe('Address in packet serial mode, 128 to 135.'),
    integrity: z
      .enum(['crc16', 'checksum7'])
      .default('crc16')
      .describe('checksum7: for firmware from before the CRC.'),
    channels: channelNames,
    rateHz: rateHz(50, 500),
    timeoutMs,
  })
  .superRefine((spec, context) => checkNames(spec.channels, 2, context));

export type RoboclawSpec = z.infer<typeof roboclawSchema>;

/** A read request has no checksum of its own. */
export const roboclawRequest = (spec: Pick<RoboclawSpec, 'address'>): Uint8Array =>
  Uint8Array.of(spec.address, readCurrents);

/**
 * An answer has no start byte: with the CRC any six bytes may be one, so bytes are skipped until a sum fits. Seven
 * bits of checksum would fit by chance too often: there five bytes that do not fit are given up as a whole, and the
 * request times out.
 */
export class RoboclawDecoder extends FrameDecoder {
  readonly #crc: boolean;
  readonly #crcOfRequest: number;
  readonly #sumOfRequest: number;

  constructor(spec: RoboclawSpec, exchange: Exchange) {
    super(2, exchange);
    this.#crc = spec.integrity === 'crc16';
    this.#crcOfRequest = crc16Byte(xmodem, crc16Byte(xmodem, 0, spec.address), readCurrents);
    this.#sumOfRequest = spec.address + readCurrents;
  }

  protected override scan(bytes: Uint8Array, head: number, tail: number): number {
    const total = this.#crc ? 6 : 5;
    if (tail - head < total) return 0;
    if (!this.#fits(bytes, head)) {
      this.verdict = this.#crc ? noise : 'checksum';
      return this.#crc ? 1 : total;
    }
    const { values } = this.reading;
    values[0] = int16(bytes, head) / 100;
    values[1] = int16(bytes, head + 2) / 100;
    this.exchange?.answer();
    this.verdict = complete;
    return total;
  }

  #fits(bytes: Uint8Array, head: number): boolean {
    if (this.#crc) {
      const crc = crc16(xmodem, bytes, head, head + 4, this.#crcOfRequest);
      return crc === ((bytes[head + 4] << 8) | bytes[head + 5]);
    }
    let sum = this.#sumOfRequest;
    for (let i = 0; i < 4; i++) sum += bytes[head + i];
    return (sum & 0x7f) === bytes[head + 4];
  }
}

function int16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) >> 16) | bytes[at + 1];
}
