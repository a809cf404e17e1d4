import { z } from 'zod';

const port = z.number().int().min(1).max(65535);

/** Where the bytes come from. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('serial'),
    port: z
      .string()
      .min(1)
      .describe('Device, best its stable name below /dev/serial/by-id (underfoot ports).'),
    baudRate: z.number().int().positive().default(115200).describe('Bits a second.'),
    settleMs: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe('Wait after opening: many boards reset then.'),
    dtr: z.boolean().optional().describe('Set the DTR line after opening; default: leave it.'),
    rts: z.boolean().optional().describe('Set the RTS line after opening; default: leave it.'),
    silenceS: z
      .number()
      .positive()
      .default(10)
      .describe('Seconds without a byte after which the port is closed and opened again.'),
  }),
  z.strictObject({
    kind: z.literal('tcp'),
    host: z.string().min(1).describe('Host of a serial server such as ser2net.'),
    port: port.describe('TCP port.'),
    silenceS: z.number().positive().default(10).describe('Seconds without a byte before connecting again.'),
  }),
]);
