import { z } from 'zod';
import { maxLineBytes, wrapBits } from './spec-parts.ts';
import type { ColumnKey } from './text-columns.ts';

type Column = ColumnKey | { column: ColumnKey; channel: string };
interface TextKeys {
  columns: Column[];
  time?: { column: ColumnKey };
  sequence?: { column: ColumnKey };
}

const column = z
  .union([z.int().min(0).max(255), z.string().min(1)])
  .describe('0-based position of a column, or its name in the header line.');

export const textSchema = z
  .strictObject({
    name: z.literal('text'),
    delimiter: z
      .string()
      .length(1)
      .default(',')
      .describe('One character; a space means runs of spaces and tabs.'),
    decimal: z.enum(['.', ',']).default('.').describe('Decimal separator.'),
    header: z
      .union([z.boolean(), z.array(z.string().min(1)).min(1)])
      .default(false)
      .describe(
        'true: the device or file sends a line of column names; a list: the names, when it sends none.',
      ),
    columns: z
      .array(z.union([column, z.strictObject({ column, channel: z.string().min(1) })]))
      .min(1)
      .max(64)
      .default([0])
      .describe(
        "Columns with a motor's current, in the order of the channels, each with an optional channel name.",
      ),
    time: z
      .strictObject({
        column,
        unit: z.enum(['s', 'ms', 'us']).describe('Unit of that number.'),
        wrapBits,
      })
      .optional()
      .describe("Column with the device's own time."),
    sequence: z
      .strictObject({ column, wrapBits })
      .optional()
      .describe('Column with a counter that grows by 1 a line.'),
    fields: z.int().min(1).max(256).optional().describe('Fields in every line; learned when not given.'),
    lineEnd: z.enum(['lf', 'cr']).default('lf').describe('What ends a line; lf also takes CR LF.'),
    maxLineBytes: maxLineBytes(1024),
  })
  .refine((spec) => spec.delimiter !== spec.decimal, {
    error: 'expected another character than the delimiter',
    path: ['decimal'],
  })
  .refine((spec) => spec.header !== false || textKeys(spec).every((key) => typeof key === 'number'), {
    error: 'expected true or a list of names, since columns are chosen by name',
    path: ['header'],
  })
  .refine(
    (spec) =>
      !Array.isArray(spec.header) || textKeys(spec).every((key) => knows(spec.header as string[], key)),
    {
      error: ({ input }) => {
        const { header, ...spec } = input as { header: string[] } & TextKeys;
        const unknown = textKeys(spec).filter((key) => !knows(header, key));
        return `expected columns of the header (${header.join(', ')}); ${unknown.join(', ')} is none`;
      },
      path: ['columns'],
    },
  )
  .refine((spec) => new Set(textKeys(spec)).size === textKeys(spec).length, {
    error: 'expected each column once, also as time or sequence',
    path: ['columns'],
  });

export type TextSpec = z.infer<typeof textSchema>;

/** Channel names of a text protocol, in channel order. */
export function textChannels(spec: TextKeys): string[] {
  return spec.columns.map((c) =>
    typeof c === 'object' ? c.channel : typeof c === 'number' ? `column${c}` : c,
  );
}

/** Every wanted column: the channels, then time, then sequence. */
export function textKeys(spec: TextKeys): (number | string)[] {
  const keys = spec.columns.map((c) => (typeof c === 'object' ? c.column : c));
  if (spec.time) keys.push(spec.time.column);
  if (spec.sequence) keys.push(spec.sequence.column);
  return keys;
}

function knows(names: readonly string[], key: number | string): boolean {
  return typeof key === 'string' ? names.includes(key) : key < names.length;
}
