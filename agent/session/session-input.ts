import { z } from 'zod';
import { type CalibrationFile, calibrationSchema } from '../config/calibration-file.ts';
import type { GainMemory } from '../drift/recover/gain-tracker.ts';
import { DataError } from '../errors.ts';
import type { SessionHead } from './reader.ts';

/** How the readings of a session are to be read: all that a replay needs besides the model. */
export interface SessionInput {
  readonly robotId: string;
  /** The device's clock; undefined where it sends no time and arrival counts. */
  readonly timeBase?: { readonly tickUs: number; readonly bits?: number | undefined } | undefined;
  readonly sequenceBits?: number | undefined;
  readonly nominalRateHz?: number | undefined;
  readonly maxGapS?: number | undefined;
  readonly calibration?: CalibrationFile | undefined;
  /** Protocol and its settings, for people. */
  readonly protocol?: unknown;
}

/** The model that made the recorded predictions. */
export interface SessionModel {
  readonly name: string;
  readonly version: string;
  readonly engine: string;
  /** SHA-256 of each file of the model, as its card says. */
  readonly files: Readonly<Record<string, string>>;
}

const inputSchema = z.object({
  robotId: z.string().min(1),
  timeBase: z.object({ tickUs: z.number().positive(), bits: z.number().optional() }).optional(),
  sequenceBits: z.number().optional(),
  nominalRateHz: z.number().positive().optional(),
  maxGapS: z.number().positive().optional(),
  calibration: calibrationSchema.optional(),
  protocol: z.unknown().optional(),
});
const modelSchema = z.object({
  name: z.string(),
  version: z.string(),
  engine: z.string(),
  files: z.record(z.string(), z.string()),
});

const latticeSchema = z.object({
  gain: z.number().positive(),
  unseen: z.number().nullable(),
  candidate: z.number(),
  count: z.number(),
  failures: z.number(),
  windows: z.number(),
});
const gainSchema = z.object({
  lattices: z.array(latticeSchema.nullable()),
  surfaces: z.array(z.object({ windows: z.number(), curve: z.array(z.number()) })).nullable(),
  evidence: z.object({ logGain: z.number(), nats: z.number() }),
  byLevels: z.number(),
  believed: z.boolean(),
  windows: z.number(),
  changes: z.number(),
});

/** Metadata records of a new session; `readInput`, `readModel`, `readGain` and `readNote` undo it. */
export function sessionMetadata(
  input: SessionInput,
  about: {
    readonly version: string;
    readonly model?: SessionModel | undefined;
    readonly note?: string | undefined;
    /** What gain tracking had learnt when the session began; undefined where it is off. */
    readonly gain?: GainMemory | undefined;
    /** The session that this one goes on from. */
    readonly continues?: string | undefined;
  },
): Record<string, Record<string, string>> {
  return {
    // `robotId` stands alone for those who look with another tool.
    robot: { id: input.robotId },
    input: { json: JSON.stringify(input) },
    ...(about.model && { model: { json: JSON.stringify(about.model) } }),
    ...(about.gain && { gain: { json: JSON.stringify(about.gain) } }),
    ...(about.continues && { continues: { session: about.continues } }),
    ...(about.note && { note: { text: about.note } }),
    program: { name: 'underfoot', version: about.version },
  };
}

export function readInput(file: string, head: SessionHead): SessionInput {
  return parse(file, head, 'input', inputSchema);
}

export function readModel(file: string, head: SessionHead): SessionModel | undefined {
  return head.metadata.model === undefined ? undefined : parse(file, head, 'model', modelSchema);
}

/** Undefined where gain tracking was off. */
export function readGain(file: string, head: SessionHead): GainMemory | undefined {
  return head.metadata.gain === undefined ? undefined : parse(file, head, 'gain', gainSchema);
}

export function readNote(head: SessionHead): string | undefined {
  return head.metadata.note?.text;
}

function parse<T>(file: string, head: SessionHead, name: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(head.metadata[name]?.json ?? '');
  } catch {
    throw new DataError({
      file,
      key: name,
      found: 'no metadata record with JSON',
      expected: 'a session of this program',
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = [name, ...issue.path].join('.');
  throw new DataError({ file, key, found: issue.code, expected: issue.message });
}
