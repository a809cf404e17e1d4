import { z } from 'zod';
import { AnswerLineDecoder } from './answer-line-decoder.ts';
import type { Exchange } from './exchange.ts';
import { complete, part } from './frame-decoder.ts';
import { numberBad, numberOk, parseNumber } from './parse-number.ts';
import { channelNames, checkNames, rateHz, timeoutMs } from './spec-parts.ts';

/** ODrive ASCII (odriverobotics/ODrive docs/ascii-protocol.rst): `r PROPERTY *SUM`, answered by a number. */
const properties = {
  axis0: ['axis0.motor.current_control.Iq_measured', 'axis0.motor.foc.Iq_measured'],
  axis1: ['axis1.motor.current_control.Iq_measured', 'axis1.motor.foc.Iq_measured'],
  ibus: ['ibus', 'ibus'],
} as const;

export const odriveSchema = z
  .strictObject({
    name: z.literal('odrive'),
    currents: z
      .array(z.enum(['axis0', 'axis1', 'ibus']))
      .min(1)
      .max(3)
      .default(['axis0', 'axis1'])
      .describe('Torque current of an axis, or the current drawn from the supply.'),
    firmware: z
      .enum(['0.5', '0.6'])
      .default('0.5')
      .describe('0.6 (Pro, S1) has its current under motor.foc.'),
    checksum: z.boolean().default(true).describe('Ask for answers with a checksum, and refuse others.'),
    channels: channelNames,
    rateHz: rateHz(50, 500),
    timeoutMs,
  })
  .superRefine((spec, context) => {
    checkNames(spec.channels, spec.currents.length, context);
    if (new Set(spec.currents).size !== spec.currents.length) {
      context.addIssue({ code: 'custom', message: 'a current is chosen twice', path: ['currents'] });
    }
  });

export type OdriveSpec = z.infer<typeof odriveSchema>;

/** Exclusive or of all characters before the `*`. */
export function odriveChecksum(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum ^= text.charCodeAt(i);
  return sum;
}

export function odriveRequests(spec: Pick<OdriveSpec, 'currents' | 'firmware' | 'checksum'>): Uint8Array[] {
  return spec.currents.map((current) => {
    const command = `r ${properties[current][spec.firmware === '0.5' ? 0 : 1]}`;
    const line = spec.checksum ? `${command}*${odriveChecksum(command)}\n` : `${command}\n`;
    return new TextEncoder().encode(line);
  });
}

const star = 42;
const point = 46;

/** Refuses `checksum` (wrong or missing), `number` (such as `invalid property`), `nan`. */
export class OdriveDecoder extends AnswerLineDecoder {
  readonly #checksum: boolean;
  readonly #sum = new Float64Array(1);

  constructor(spec: OdriveSpec, exchange: Exchange) {
    super(spec.currents.length, exchange, 10);
    this.#checksum = spec.checksum;
  }

  protected override read(bytes: Uint8Array, start: number, end: number): string {
    let starAt = start;
    while (starAt < end && bytes[starAt] !== star) starAt++;
    if (starAt === end ? this.#checksum : !this.#sumFits(bytes, start, starAt, end)) return 'checksum';
    const { values } = this.reading;
    const index = this.exchange.outstanding;
    const status = parseNumber(bytes, start, starAt, point, values, index);
    if (status !== numberOk) return status === numberBad ? 'number' : 'nan';
    this.exchange.answer();
    return index === values.length - 1 ? complete : part;
  }

  #sumFits(bytes: Uint8Array, start: number, starAt: number, end: number): boolean {
    let sum = 0;
    for (let i = start; i < starAt; i++) sum ^= bytes[i];
    return parseNumber(bytes, starAt + 1, end, point, this.#sum, 0) === numberOk && this.#sum[0] === sum;
  }
}
