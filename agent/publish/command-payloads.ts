import { z } from 'zod';
import { recordingBody, schemaVersion } from './payloads.ts';
import { levelPattern } from './topics.ts';

/** Requests over MQTT: one schema for what is asked and one for what is answered. */

const label = z.string().regex(levelPattern).max(64);
const correlationId = z.string().min(1).max(128).optional().meta({
  description: 'Comes back in the answer; only needed where MQTT 5 correlation data is not at hand',
});

const request = <T extends z.ZodRawShape>(shape: T) => z.strictObject({ ...shape, correlationId });

const listedModel = z.object({
  name: z.string().meta({ description: 'Name on the card' }),
  version: z.string().meta({ description: 'Version on the card' }),
  labels: z.array(z.string()).meta({ description: 'Surfaces it knows' }),
  simulated: z.boolean().meta({ description: 'Trained on a simulator' }),
  active: z.boolean().meta({ description: 'In use' }),
});

export const commands = {
  ping: {
    title: 'Ping',
    description: 'Is anyone there?',
    request: request({}),
    result: z.object({
      version: z.string().meta({ description: 'Version of the agent' }),
      uptimeS: z.number().meta({ description: 'Since the agent started', 'x-unit': 's' }),
    }),
  },
  record: {
    title: 'Record',
    description:
      'Starts or stops the recording of a session, marks a moment of it, or takes the last label or mark back.',
    request: request({
      action: z.enum(['start', 'stop', 'mark', 'undo']).meta({ description: 'What to do' }),
      label: label.optional().meta({ description: 'Surface being driven, with `start`' }),
      note: z
        .string()
        .max(2000)
        .optional()
        .meta({ description: 'Kept with the session (`start`) or the mark (`mark`)' }),
      durationS: z
        .number()
        .positive()
        .max(24 * 3600)
        .optional()
        .meta({ description: 'Stops by itself after so long, with `start`', 'x-unit': 's' }),
    }),
    result: recordingBody,
  },
  label: {
    title: 'Label',
    description: 'Says which surface is being driven from now on, in the running recording.',
    request: request({
      label: label.nullable().meta({ description: 'null: none' }),
      since: z.iso
        .datetime()
        .optional()
        .meta({ description: 'From when on, within the recording so far (UTC, ISO 8601); default: now' }),
    }),
    result: recordingBody,
  },
  model: {
    title: 'Model',
    description: 'Lists the models at hand, takes another one into use, or goes back to the one before.',
    request: request({
      action: z.enum(['list', 'activate', 'rollback']).meta({ description: 'What to do' }),
      name: label.optional().meta({ description: 'Which model, with `activate`' }),
      version: z
        .string()
        .max(64)
        .optional()
        .meta({ description: 'Which version, with `activate`; default: the one at hand' }),
    }).refine((r) => r.action !== 'activate' || r.name !== undefined, {
      path: ['name'],
      message: 'expected the name of a model with activate',
    }),
    result: z.object({
      active: z.string().meta({ description: 'name@version in use' }),
      models: z.array(listedModel).meta({ description: 'Models at hand' }),
    }),
  },
  'drift-reset': {
    title: 'Drift reset',
    description: 'Makes the drift detectors begin anew: the robot was repaired, loaded or calibrated.',
    request: request({
      reason: z.string().max(200).optional().meta({ description: 'For the log' }),
    }),
    result: z.object({ state: z.string().meta({ description: 'State of the drift after it' }) }),
  },
  'calibrate-zero': {
    title: 'Calibrate zero',
    description: 'Measures the zero offset of each channel. The robot must stand still with its motors off.',
    request: request({
      durationS: z
        .number()
        .min(1)
        .max(60)
        .default(5)
        .meta({ description: 'How long to measure', 'x-unit': 's' }),
    }),
    result: z.object({
      offsets: z
        .record(z.string(), z.number())
        .meta({ description: 'New offset of each channel, in the unit that the device sends' }),
      samples: z.number().int().meta({ description: 'Samples that were averaged' }),
    }),
  },
  'config-get': {
    title: 'Get configuration',
    description: 'The configuration in use. It names files with secrets and never holds one.',
    request: request({}),
    result: z.object({
      config: z.record(z.string(), z.unknown()).meta({ description: 'With its defaults' }),
    }),
  },
  restart: {
    title: 'Restart',
    description: 'Ends the agent cleanly after the answer; its supervisor starts it again.',
    request: request({}),
    result: z.object({}),
  },
  discovery: {
    title: 'Discovery',
    description: 'Announces the robot to Home Assistant, or removes it from there.',
    request: request({ action: z.enum(['announce', 'remove']).meta({ description: 'What to do' }) }),
    result: z.object({ topic: z.string().meta({ description: 'Topic of the announcement' }) }),
  },
} as const;

export type CommandName = keyof typeof commands;
export type CommandRequest<K extends CommandName> = z.infer<(typeof commands)[K]['request']>;
export type CommandResult<K extends CommandName> = z.infer<(typeof commands)[K]['result']>;

export const errorCodes = [
  'bad-json',
  'bad-request',
  'unknown-command',
  'too-large',
  'retained',
  'correlation-reused',
  'rate-limited',
  'busy',
  'unavailable',
  'refused',
  'failed',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** The answer to a request; `result` as the command says when `ok`, else `error`. */
export const answerSchema = z
  .object({
    schemaVersion: z.literal(schemaVersion).meta({ description: 'Version of this payload schema' }),
    robotId: z.string().meta({ description: 'The robot that answers' }),
    command: z.string().meta({ description: 'What was asked' }),
    correlationId: z.string().nullable().meta({ description: "The request's, where its payload had one" }),
    time: z.iso.datetime({ precision: 3 }).meta({ description: 'When it was answered (UTC, ISO 8601)' }),
    ok: z.boolean().meta({ description: 'Whether it was done' }),
    result: z.record(z.string(), z.unknown()).optional().meta({ description: 'What came of it, when ok' }),
    error: z
      .object({
        code: z.enum(errorCodes).meta({ description: 'For programs' }),
        message: z.string().meta({ description: 'For people' }),
      })
      .optional()
      .meta({ description: 'Why it was not done, when not ok' }),
  })
  .meta({ title: 'Answer', description: 'The answer to a request.' });
export type Answer = z.infer<typeof answerSchema>;
