import { z } from 'zod';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** The page, `/metrics`, `/healthz` and `/readyz`. */
export const dashboardSchema = z
  .union([
    z.literal(false),
    z.strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('Address to listen on; 0.0.0.0 is every network, and then a token is needed.'),
      port: z.number().int().min(0).max(65535).default(8642).describe('TCP port.'),
      tokenFile: z
        .string()
        .min(1)
        .optional()
        .describe('File with the token that is asked from other machines, or credential:NAME.'),
    }),
  ])
  .default({ host: '127.0.0.1', port: 8642 })
  .refine((d) => d === false || loopback.test(d.host) || d.tokenFile !== undefined, {
    error: 'expected dashboard.tokenFile, or a host on this machine such as 127.0.0.1',
    path: ['host'],
  })
  .describe('Status page, /metrics, /healthz and /readyz; false switches them off.');

export type DashboardConfig = z.infer<typeof dashboardSchema>;

/** How much is logged, and how. */
export const logSchema = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Least that is logged.'),
    format: z
      .enum(['auto', 'json', 'pretty'])
      .default('auto')
      .describe('auto is pretty on a terminal and JSON lines everywhere else.'),
  })
  .default({ level: 'info', format: 'auto' })
  .describe('Log on standard error.');
