import { z } from 'zod';
import { engines } from '../model/load.ts';
import { protocolSchema } from '../protocol/registry.ts';
import { dashboardSchema, logSchema } from './dashboard.ts';
import { publishSchema } from './publish.ts';
import { sessionsSchema } from './sessions.ts';
import { sourceSchema } from './source.ts';

/**
 * The configuration of a robot's agent, as YAML. One schema gives validation, defaults, the TypeScript type and the
 * reference. Paths are relative to the file that names them.
 */
export const configSchema = z
  .strictObject({
    robotId: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/, 'expected letters, digits, _ and - only')
      .describe('Name of this robot: the second level of its MQTT topics.'),
    source: sourceSchema,
    protocol: protocolSchema.describe('What the bytes mean: one of the protocols of docs/protocols.md.'),
    nominalRateHz: z
      .number()
      .positive()
      .optional()
      .describe('Samples a second that the sensor is set to; default: measured.'),
    maxGapS: z
      .number()
      .positive()
      .optional()
      .describe('An interval above this restarts the window; default: five sample periods.'),
    calibration: z
      .string()
      .optional()
      .describe('Calibration file; default: readings are already in amperes.'),
    gainTracking: z
      .boolean()
      .default(false)
      .describe(
        "Follow the gain of the current over the robot's own history, and take it out before the model sees it (docs/drift-recovery.md).",
      ),
    model: z.string().describe('Model folder, or the name of a model that ships with underfoot.'),
    engine: z
      .enum(engines)
      .default('auto')
      .describe('What runs the model; auto is ONNX Runtime, or what there is in its place (docs/models.md).'),
    mqtt: publishSchema,
    sessions: sessionsSchema.prefault({}),
    diagnosticsIntervalS: z
      .number()
      .positive()
      .default(10)
      .describe('Seconds between two diagnostics messages.'),
    dashboard: dashboardSchema,
    log: logSchema,
  })
  .describe('underfoot configuration');

/** A checked configuration with its defaults filled in. */
export type Config = z.infer<typeof configSchema>;
