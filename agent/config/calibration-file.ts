import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ConfigError, UserError } from '../errors.ts';
import { findingsOf } from './problems.ts';
import { readYamlFile } from './yaml-file.ts';

const channelSchema = z.strictObject({
  name: z.string().min(1).describe('Channel, as the protocol and the model card name it.'),
  unit: z.string().min(1).describe('Unit of the calibrated value.'),
  offset: z.number().describe('Raw number at zero current.'),
  gain: z
    .number()
    .refine((gain) => gain !== 0, 'expected a number other than 0')
    .describe('Units per raw number: value = (raw - offset) * gain.'),
  polarity: z
    .enum(['normal', 'reversed'])
    .optional()
    .describe('reversed: the value is negated, because the sensor sits the other way round.'),
  validRange: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'expected two ascending numbers')
    .describe('Values that the sensor can give, in `unit`; at the ends it counts as saturated.'),
  noiseRms: z
    .number()
    .nonnegative()
    .optional()
    .describe('Root mean square of the noise with motors off, in `unit`.'),
  residuals: z
    .array(z.number())
    .optional()
    .describe('Measured minus reference of each point that the gain was fitted to, in `unit`.'),
});

/** A calibration file: how a robot's raw readings become amperes, when and by whom that was found. */
export const calibrationSchema = z.strictObject({
  schemaVersion: z.literal(1),
  robot: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'expected letters, digits, _ and - only')
    .describe('Robot that it belongs to.'),
  created: z.iso
    .datetime({ offset: true, error: 'expected an ISO 8601 date and time such as 2026-05-04T10:30:00Z' })
    .describe('When it was made or last changed.'),
  by: z.string().optional().describe('Who made it.'),
  method: z.string().optional().describe('How it was made.'),
  channels: z
    .array(channelSchema)
    .min(1)
    .refine(
      (channels) => new Set(channels.map((c) => c.name)).size === channels.length,
      'expected each channel once',
    ),
});
export type CalibrationFile = z.infer<typeof calibrationSchema>;
export type CalibratedChannel = CalibrationFile['channels'][number];

/** Reads and checks a calibration file (YAML). Throws ConfigError. */
export function loadCalibration(file: string): CalibrationFile {
  return check(file, readYamlFile(file));
}

/**
 * Checks and writes a calibration file, whole or not at all: a temporary file beside it is synced to disk and renamed.
 * Throws ConfigError where the content is wrong, UserError (74) where it cannot be written.
 */
export function saveCalibration(file: string, content: CalibrationFile): void {
  const text = `# Calibration of motor-current channels: value = (raw - offset) * gain\n${stringify(check(file, content))}`;
  const temporary = `${file}.${process.pid}.tmp`;
  const refuse = (error: unknown) =>
    new UserError(`${file}: cannot be written: ${(error as Error).message}`, 74);
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw refuse(error);
  }
  try {
    writeSynced(temporary, text);
    renameSync(temporary, file);
    syncFolder(dirname(file));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw refuse(error);
  }
}

function check(file: string, input: unknown): CalibrationFile {
  const parsed = calibrationSchema.safeParse(input);
  if (!parsed.success) throw new ConfigError(findingsOf(file, input, parsed.error, calibrationSchema));
  return parsed.data;
}

function writeSynced(file: string, text: string): void {
  const fd = openSync(file, 'wx');
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a rename last through a power cut. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
