import { z } from 'zod';
import { LineDecoder } from './line-decoder.ts';
import { channelName, maxLineBytes, wrapBits } from './spec-parts.ts';

const path = z
  .string()
  .min(1)
  .max(256)
  .describe('Dotted path to a number: `left`, `motor.0.current`; a number picks from an array.');

export const jsonSchema = z.strictObject({
  name: z.literal('json'),
  columns: z
    .array(z.union([path, z.strictObject({ path, channel: channelName })]))
    .min(1)
    .max(64)
    .describe("Paths of the motors' currents, in the order of the channels."),
  time: z
    .strictObject({ path, unit: z.enum(['s', 'ms', 'us']).describe('Unit of that number.'), wrapBits })
    .optional()
    .describe("Path of the device's own time."),
  sequence: z
    .strictObject({ path, wrapBits })
    .optional()
    .describe('Path of a counter that grows by 1 a line.'),
  maxLineBytes: maxLineBytes(4096),
});

export type JsonSpec = z.infer<typeof jsonSchema>;

export const jsonChannels = (spec: JsonSpec): string[] =>
  spec.columns.map((c) => (typeof c === 'string' ? c : c.channel));

/**
 * JSON lines: one object or array a line. Refuses and counts lines that are no JSON (`json`), lack a wanted value
 * (`columns`) or have something else than a finite number there (`number`), `blank`, `overlong`, `start`.
 * JSON.parse makes objects, so this one allocates; use another protocol above some kHz.
 */
export class JsonLinesDecoder extends LineDecoder {
  readonly #text = new TextDecoder();
  readonly #paths: string[][];
  readonly #time: string[] | undefined;
  readonly #sequence: string[] | undefined;

  constructor(spec: JsonSpec, midStream = true) {
    super(spec.columns.length, { maxLength: spec.maxLineBytes, midStream });
    this.#paths = spec.columns.map((c) => (typeof c === 'string' ? c : c.path).split('.'));
    this.#time = spec.time?.path.split('.');
    this.#sequence = spec.sequence?.path.split('.');
  }

  protected refuse(): string {
    const { bytes, start, end, partial } = this.lines;
    if (partial) return 'start';
    if (start === end) return 'blank';
    const value = parseJson(this.#text.decode(bytes.subarray(start, end)));
    if (typeof value !== 'object' || value === null) return 'json';
    const { reading } = this;
    for (let i = 0; i < this.#paths.length; i++) {
      const found = lookUp(value, this.#paths[i]);
      if (typeof found !== 'number') return found === undefined ? 'columns' : 'number';
      reading.values[i] = found;
    }
    const time = this.#time && lookUp(value, this.#time);
    const sequence = this.#sequence && lookUp(value, this.#sequence);
    if (this.#time && time === undefined) return 'columns';
    if (this.#sequence && sequence === undefined) return 'columns';
    if ((this.#time && typeof time !== 'number') || (this.#sequence && typeof sequence !== 'number'))
      return 'number';
    if (typeof time === 'number') reading.deviceTicks = time;
    if (typeof sequence === 'number') reading.sequence = sequence;
    return reading.values.every(Number.isFinite) && !isInfinite(time) && !isInfinite(sequence)
      ? ''
      : 'number';
  }
}

const isInfinite = (value: unknown): boolean => typeof value === 'number' && !Number.isFinite(value);

/** JSON.parse without the exception; undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Own properties only, so that `constructor` is nothing. */
function lookUp(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}
