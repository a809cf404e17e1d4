import { z } from 'zod';
import { crc16, xmodem } from './crc.ts';
import type { Exchange } from './exchange.ts';
import { complete, FrameDecoder, noise, part } from './frame-decoder.ts';
import { channelNames, checkNames, rateHz, timeoutMs } from './spec-parts.ts';

/** VESC over UART or USB (vedderb/bldc: comm/packet.c, comm/commands.c, util/crc.c). */
export const vescCommand = { getValues: 4, forwardCan: 34, getValuesSelective: 50 } as const;
const maxPayload = 512;

/** Bytes of each field of COMM_GET_VALUES_SELECTIVE, by bit of the mask. */
export const vescFieldBytes = [2, 2, 4, 4, 4, 4, 2, 4, 2, 4, 4, 4, 4, 4, 4, 1, 4, 1, 6, 4, 4, 1] as const;
const currentBit = { motor: 2, input: 3 } as const;
const currentAt = { motor: 5, input: 9 } as const;

export const vescSchema = z
  .strictObject({
    name: z.literal('vesc'),
    controllers: z
      .array(z.union([z.literal('local'), z.int().min(0).max(253)]))
      .min(1)
      .max(8)
      .default(['local'])
      .describe('The controller on this port, and others behind it by CAN id.'),
    currents: z
      .array(z.enum(['motor', 'input']))
      .min(1)
      .max(2)
      .default(['motor'])
      .describe('Current of the motor, or drawn from the battery; each is a channel.'),
    command: z
      .enum(['selective', 'values'])
      .default('selective')
      .describe('values: for firmware that does not know COMM_GET_VALUES_SELECTIVE.'),
    channels: channelNames,
    rateHz: rateHz(50, 1000),
    timeoutMs,
  })
  .superRefine((spec, context) => checkNames(spec.channels, vescChannels(spec).length, context));

export type VescSpec = z.infer<typeof vescSchema>;

/** Own names: `local`, `can10`; with two currents `local-motor`, `local-input`. */
export function vescChannels(spec: Pick<VescSpec, 'controllers' | 'currents'>): string[] {
  return spec.controllers.flatMap((controller) => {
    const own = controller === 'local' ? 'local' : `can${controller}`;
    return spec.currents.length === 1 ? [own] : spec.currents.map((current) => `${own}-${current}`);
  });
}

/** `02 len payload crc 03`, or with 16 bits of length from 256 bytes on. */
export function vescFrame(payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 256 ? [2, length] : [3, length >> 8, length & 0xff];
  const crc = crc16(xmodem, payload);
  return Uint8Array.from([...head, ...payload, crc >> 8, crc & 0xff, 3]);
}

function vescMask(spec: Pick<VescSpec, 'currents'>): number {
  return spec.currents.reduce((mask, current) => mask | (1 << currentBit[current]), 0);
}

/** One request a controller. */
export function vescRequests(spec: VescSpec): Uint8Array[] {
  const mask = vescMask(spec);
  const command =
    spec.command === 'values'
      ? [vescCommand.getValues]
      : [vescCommand.getValuesSelective, 0, 0, mask >> 8, mask & 0xff];
  return spec.controllers.map((controller) =>
    vescFrame(
      Uint8Array.from(controller === 'local' ? command : [vescCommand.forwardCan, controller, ...command]),
    ),
  );
}

/** Answers in A. Refuses `length`, `end`, `crc`, other commands' frames (`command`). */
export class VescDecoder extends FrameDecoder {
  readonly #controllers: number;
  readonly #currents: readonly ('motor' | 'input')[];
  readonly #command: number;
  readonly #mask: number;

  constructor(spec: VescSpec, exchange: Exchange) {
    super(spec.controllers.length * spec.currents.length, exchange);
    this.#controllers = spec.controllers.length;
    this.#currents = spec.currents;
    this.#command = spec.command === 'values' ? vescCommand.getValues : vescCommand.getValuesSelective;
    this.#mask = vescMask(spec);
  }

  protected override scan(bytes: Uint8Array, head: number, tail: number): number {
    const wide = bytes[head] === 3;
    if (bytes[head] !== 2 && !wide) return this.#skip(bytes, head, tail);
    const headBytes = wide ? 3 : 2;
    if (tail - head < headBytes) return 0;
    const length = wide ? (bytes[head + 1] << 8) | bytes[head + 2] : bytes[head + 1];
    if (length === 0 || length > maxPayload || (wide && length < 255)) return this.#refuse('length', 1);
    const total = headBytes + length + 3;
    if (tail - head < total) return 0;
    const from = head + headBytes;
    const to = from + length;
    if (bytes[to + 2] !== 3) return this.#refuse('end', 1);
    if (crc16(xmodem, bytes, from, to) !== ((bytes[to] << 8) | bytes[to + 1])) return this.#refuse('crc', 1);
    this.verdict = this.#take(bytes, from, to);
    return total;
  }

  #skip(bytes: Uint8Array, head: number, tail: number): number {
    let at = head + 1;
    while (at < tail && bytes[at] !== 2 && bytes[at] !== 3) at++;
    this.verdict = noise;
    return at - head;
  }

  #refuse(reason: string, step: number): number {
    this.verdict = reason;
    return step;
  }

  #take(bytes: Uint8Array, from: number, to: number): string {
    if (bytes[from] !== this.#command) return 'command';
    const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
    const controller = this.exchange?.outstanding ?? 0;
    for (let k = 0; k < this.#currents.length; k++) {
      const at =
        this.#command === vescCommand.getValues
          ? currentAt[this.#currents[k]]
          : this.#fieldAt(view, this.#currents[k]);
      if (at < 0 || at + 4 > view.byteLength) return 'command';
      this.reading.values[controller * this.#currents.length + k] = view.getInt32(at) / 100;
    }
    this.exchange?.answer();
    return controller === this.#controllers - 1 ? complete : part;
  }

  /** Offset of a current in a selective answer, from the mask that the answer repeats; -1 when it is not ours. */
  #fieldAt(view: DataView, current: 'motor' | 'input'): number {
    if (view.byteLength < 5 || view.getUint32(1) !== this.#mask) return -1;
    let at = 5;
    for (let bit = 0; bit < currentBit[current]; bit++)
      if (this.#mask & (1 << bit)) at += vescFieldBytes[bit];
    return at;
  }
}
