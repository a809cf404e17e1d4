import { z } from 'zod';
import type { Exchange } from './exchange.ts';
import { complete, FrameDecoder, noise } from './frame-decoder.ts';
import { channelNames, checkNames } from './spec-parts.ts';

/**
 * iRobot Create 2 and Roomba (600 and later) Open Interface: START puts the robot in passive mode, where it takes no motor
 * command; STREAM has it send sensor packets every 15 ms. Packets 54 to 57 are motor currents, int16 in mA.
 */
export const createOpcode = { start: 128, stream: 148 } as const;
export const createHeader = 19;
export const createPacket = { left: 54, right: 55, mainBrush: 56, sideBrush: 57 } as const;
type Motor = keyof typeof createPacket;

export const createSchema = z
  .strictObject({
    name: z.literal('create'),
    motors: z
      .array(z.enum(['left', 'right', 'mainBrush', 'sideBrush']))
      .min(1)
      .max(4)
      .default(['left', 'right'])
      .describe('Motors to read, in the order of the channels.'),
    channels: channelNames,
    silenceMs: z
      .number()
      .min(100)
      .max(60_000)
      .default(1000)
      .describe('Ask again after so long without an answer.'),
  })
  .superRefine((spec, context) => {
    checkNames(spec.channels, spec.motors.length, context);
    if (new Set(spec.motors).size !== spec.motors.length) {
      context.addIssue({ code: 'custom', message: 'a motor is chosen twice', path: ['motors'] });
    }
  });

export function createRequests(spec: { motors: readonly Motor[] }): Uint8Array[] {
  const packets = spec.motors.map((motor) => createPacket[motor]);
  return [Uint8Array.of(createOpcode.start), Uint8Array.of(createOpcode.stream, packets.length, ...packets)];
}

/** Refuses frames with other packets than asked for (`packets`) or whose bytes do not sum to 0 (`checksum`). */
export class CreateDecoder extends FrameDecoder {
  readonly #packets: Uint8Array;
  readonly #opened: Exchange;

  constructor(spec: { motors: readonly Motor[] }, exchange: Exchange) {
    super(spec.motors.length);
    this.#packets = Uint8Array.from(spec.motors, (motor) => createPacket[motor]);
    this.#opened = exchange;
  }

  protected override scan(bytes: Uint8Array, head: number, tail: number): number {
    if (bytes[head] !== createHeader) {
      let at = head + 1;
      while (at < tail && bytes[at] !== createHeader) at++;
      this.verdict = noise;
      return at - head;
    }
    const length = 3 * this.#packets.length;
    const total = length + 3;
    // What cannot become our frame is refused at its first wrong byte, so that the true header is not waited past.
    for (let at = head + 1; at < tail && at < head + total - 1; at++) {
      const place = at - head - 2;
      const wrong =
        place < 0 ? bytes[at] !== length : place % 3 === 0 && bytes[at] !== this.#packets[place / 3];
      if (wrong) return this.#refuse('packets');
    }
    if (tail - head < total) return 0;
    let sum = 0;
    for (let at = head; at < head + total; at++) sum += bytes[at];
    if ((sum & 0xff) !== 0) return this.#refuse('checksum');
    for (let k = 0; k < this.#packets.length; k++) {
      const at = head + 3 + 3 * k;
      this.reading.values[k] = (((bytes[at] << 24) >> 16) | bytes[at + 1]) / 1000;
    }
    this.#opened.answer();
    this.verdict = complete;
    return total;
  }

  #refuse(reason: string): number {
    this.verdict = reason;
    return 1;
  }
}
