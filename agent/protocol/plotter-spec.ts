import { z } from 'zod';
import { channelName, maxLineBytes, wrapBits } from './spec-parts.ts';

const column = z
  .union([
    z.int().min(0).max(255),
    z.string().regex(/^[^ \t,:]+$/, 'a label without space, tab, comma or colon'),
  ])
  .describe('0-based position of a value, or its label.');

const time = z
  .strictObject({ column, unit: z.enum(['s', 'ms', 'us']).describe('Unit of that number.'), wrapBits })
  .describe("Value with the device's own time.");

export const plotterSchema = z
  .strictObject({
    name: z.literal('plotter'),
    columns: z
      .array(z.union([column, z.strictObject({ column, channel: channelName })]))
      .min(1)
      .max(64)
      .default([0])
      .describe("Values with a motor's current, in the order of the channels."),
    time: time.optional(),
    maxLineBytes: maxLineBytes(1024),
  })
  .refine((spec) => new Set(plotterKeys(spec)).size === plotterKeys(spec).length, {
    error: 'expected each column once, also as time',
    path: ['columns'],
  });

export type PlotterSpec = z.infer<typeof plotterSchema>;

type Key = number | string;

/** Every wanted value: the channels, then time. */
export function plotterKeys(spec: { columns: (Key | { column: Key })[]; time?: { column: Key } }): Key[] {
  const keys = spec.columns.map((c) => (typeof c === 'object' ? c.column : c));
  if (spec.time) keys.push(spec.time.column);
  return keys;
}
