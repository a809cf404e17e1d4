import { z } from 'zod';
import { AnswerLineDecoder } from './answer-line-decoder.ts';
import type { Exchange } from './exchange.ts';
import { complete } from './frame-decoder.ts';
import { numberBad, numberOk, parseNumber } from './parse-number.ts';
import { channelNames, checkNames, rateHz, timeoutMs } from './spec-parts.ts';

/** Roboteq serial: `?A` reads all motor currents in 0.1 A, `# ms` repeats the last query, `# C` ends that. */
export const roboteqSchema = z
  .strictObject({
    name: z.literal('roboteq'),
    motors: z.int().min(1).max(3).default(2).describe('Motors that the controller drives.'),
    repeatMs: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Let the controller repeat by itself at this interval, in place of asking each time.'),
    channels: channelNames,
    rateHz: rateHz(50, 500),
    timeoutMs,
  })
  .superRefine((spec, context) => checkNames(spec.channels, spec.motors, context));

export type RoboteqSpec = z.infer<typeof roboteqSchema>;

export const roboteqChannels = (spec: Pick<RoboteqSpec, 'motors'>): string[] =>
  Array.from({ length: spec.motors }, (_, k) => `m${k + 1}`);

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export const roboteqQuery = encode('?A\r');

/** Clears what was repeated before, asks once, and has that repeated. */
export const roboteqStream = (repeatMs: number): Uint8Array[] => [
  encode('# C\r'),
  roboteqQuery,
  encode(`# ${repeatMs}\r`),
];

const colon = 58;
const point = 46;

/** Refuses the controller's echo of commands (`echo`), its + and - (`acknowledge`), `columns`, `number`, `nan`. */
export class RoboteqDecoder extends AnswerLineDecoder {
  constructor(spec: RoboteqSpec, exchange: Exchange) {
    super(spec.motors, exchange, 13, spec.repeatMs === undefined);
  }

  protected override read(bytes: Uint8Array, start: number, end: number): string {
    let from = start;
    // With LF after CR, as some interfaces send it, the LF stands before the next line.
    while (from < end && (bytes[from] === 10 || bytes[from] === 32)) from++;
    if (from === end) return 'blank';
    const isAnswer = end - from >= 3 && bytes[from] === 65 && bytes[from + 1] === 61;
    if (!isAnswer) return this.#other(bytes[from]);
    const { values } = this.reading;
    let motor = 0;
    for (let at = from + 2; at <= end; motor++) {
      const fieldFrom = at;
      while (at < end && bytes[at] !== colon) at++;
      if (motor < values.length) {
        const status = parseNumber(bytes, fieldFrom, at, point, values, motor);
        if (status !== numberOk) return status === numberBad ? 'number' : 'nan';
        values[motor] /= 10;
      }
      at++;
    }
    if (motor !== values.length) return 'columns';
    this.exchange.answer();
    return complete;
  }

  #other(first: number): string {
    if (first === 63 || first === 35) return 'echo';
    return first === 43 || first === 45 ? 'acknowledge' : 'answer';
  }
}
