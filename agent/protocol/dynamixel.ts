import { z } from 'zod';
import { crc16, umts } from './crc.ts';
import type { Exchange } from './exchange.ts';
import { complete, FrameDecoder, noise, part } from './frame-decoder.ts';
import { channelNames, checkNames, rateHz, timeoutMs } from './spec-parts.ts';

/** Dynamixel protocol 2.0 (ROBOTIS DynamixelSDK protocol2_packet_handler). */
export const dynamixelInstruction = { read: 0x02, status: 0x55 } as const;
const header = [0xff, 0xff, 0xfd, 0x00];
/** Instruction, parameters and sum of the longest packet that an answer to two bytes can be, with stuffing to spare. */
const maxLength = 64;

export const dynamixelSchema = z
  .strictObject({
    name: z.literal('dynamixel'),
    ids: z
      .array(z.int().min(0).max(252))
      .min(1)
      .max(8)
      .default([1, 2])
      .describe('Servos on the bus, in the order of the channels.'),
    address: z
      .int()
      .min(0)
      .max(1023)
      .default(126)
      .describe('Of the present current in the control table; on some X models this address has the load.'),
    unitMa: z.number().positive().default(2.69).describe('Milliampere a step, by model; 2.69 on an XM430.'),
    channels: channelNames,
    rateHz: rateHz(50, 500),
    timeoutMs,
  })
  .superRefine((spec, context) => {
    checkNames(spec.channels, spec.ids.length, context);
    if (new Set(spec.ids).size !== spec.ids.length) {
      context.addIssue({ code: 'custom', message: 'an id is chosen twice', path: ['ids'] });
    }
  });

export type DynamixelSpec = z.infer<typeof dynamixelSchema>;

export const dynamixelChannels = (spec: Pick<DynamixelSpec, 'ids'>): string[] =>
  spec.ids.map((id) => `id${id}`);

/** A whole packet: header, id, length, instruction and parameters (stuffed), CRC. */
export function dynamixelPacket(id: number, instruction: number, parameters: readonly number[]): Uint8Array {
  const body = stuff([instruction, ...parameters]);
  const length = body.length + 2;
  const packet = [...header, id, length & 0xff, length >> 8, ...body];
  const crc = crc16(umts, Uint8Array.from(packet));
  return Uint8Array.from([...packet, crc & 0xff, crc >> 8]);
}

/** The header's three first bytes never stand in a packet: FD follows them. */
function stuff(body: readonly number[]): number[] {
  const out: number[] = [];
  for (const byte of body) {
    out.push(byte);
    const n = out.length;
    if (byte === 0xfd && out[n - 2] === 0xff && out[n - 3] === 0xff) out.push(0xfd);
  }
  return out;
}

export function dynamixelRequests(spec: Pick<DynamixelSpec, 'ids' | 'address'>): Uint8Array[] {
  const { address } = spec;
  return spec.ids.map((id) =>
    dynamixelPacket(id, dynamixelInstruction.read, [address & 0xff, address >> 8, 2, 0]),
  );
}

/** Refuses `length`, `crc`, the adapter's echo of requests (`echo`), another servo (`id`), an error status (`status`). */
export class DynamixelDecoder extends FrameDecoder {
  readonly #ids: readonly number[];
  readonly #unitA: number;
  readonly #body = new Uint8Array(maxLength);

  constructor(spec: DynamixelSpec, exchange: Exchange) {
    super(spec.ids.length, exchange);
    this.#ids = spec.ids;
    this.#unitA = spec.unitMa / 1000;
  }

  protected override scan(bytes: Uint8Array, head: number, tail: number): number {
    for (let k = 0; k < header.length; k++) {
      if (head + k === tail) return 0;
      if (bytes[head + k] !== header[k]) return this.#refuse(noise);
    }
    if (tail - head < 7) return 0;
    const length = bytes[head + 5] | (bytes[head + 6] << 8);
    if (length < 3 || length > maxLength) return this.#refuse('length');
    const total = 7 + length;
    if (tail - head < total) return 0;
    const end = head + total - 2;
    if (crc16(umts, bytes, head, end) !== (bytes[end] | (bytes[end + 1] << 8))) return this.#refuse('crc');
    this.verdict = this.#take(bytes, head, end);
    return total;
  }

  #refuse(reason: string): number {
    this.verdict = reason;
    return 1;
  }

  #take(bytes: Uint8Array, head: number, end: number): string {
    const length = unstuff(bytes, head + 7, end, this.#body);
    if (this.#body[0] !== dynamixelInstruction.status) return 'echo';
    const index = this.exchange?.outstanding ?? 0;
    if (bytes[head + 4] !== this.#ids[index]) return 'id';
    // Bit 7 only says that the servo has a hardware alert to report; the data are good.
    if ((this.#body[1] & 0x7f) !== 0) return 'status';
    if (length !== 4) return 'length';
    const raw = this.#body[2] | ((this.#body[3] << 24) >> 16);
    this.reading.values[index] = raw * this.#unitA;
    this.exchange?.answer();
    return index === this.#ids.length - 1 ? complete : part;
  }
}

function unstuff(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let length = 0;
  for (let at = start; at < end; at++) {
    out[length++] = bytes[at];
    const stuffed =
      bytes[at] === 0xfd && bytes[at - 1] === 0xff && bytes[at - 2] === 0xff && bytes[at + 1] === 0xfd;
    if (stuffed && at + 1 < end) at++;
  }
  return length;
}
