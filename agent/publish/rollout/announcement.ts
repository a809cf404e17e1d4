import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from '../../errors.ts';
import { schemaVersion } from '../payloads.ts';
import { levelPattern } from '../topics.ts';

/** Largest bundle that is downloaded. */
export const maxBundleBytes = 64 * 1024 * 1024;

const name = z.string().regex(levelPattern).max(64);
const version = z
  .string()
  .regex(/^[A-Za-z0-9._+-]+$/, 'expected letters, digits and . _ + -')
  .max(64);

const channel = z.strictObject({
  name: z.string().max(64).meta({ description: 'Name of the channel' }),
  unit: z.string().max(16).meta({ description: 'Unit of its values' }),
});

/** What is announced of a model: a retained message that tells robots where it is and who vouches for it. */
export const announcementSchema = z
  .strictObject({
    schemaVersion: z.literal(schemaVersion).meta({ description: 'Version of this payload schema' }),
    name: name.meta({ description: 'Name on the model card' }),
    version: version.meta({ description: 'Version on the model card' }),
    issued: z.iso
      .datetime({ precision: 3 })
      .meta({ description: 'When it was announced (UTC, ISO 8601); older ones are refused after it' }),
    url: z
      .string()
      .max(2000)
      .regex(/^(https?|file):\/\//, 'expected http://, https:// or file://')
      .meta({ description: 'Where the bundle is: a zip of the files of the model folder' }),
    bytes: z
      .number()
      .int()
      .positive()
      .max(maxBundleBytes)
      .meta({ description: 'Size of the bundle', 'x-unit': 'B' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .meta({ description: 'SHA-256 of the bundle, lower-case hex' }),
    card: z
      .strictObject({
        labels: z.array(name).min(2).max(256).meta({ description: 'Surfaces it knows' }),
        rateHz: z.number().positive().meta({ description: 'Rate of its windows', 'x-unit': 'Hz' }),
        steps: z.number().int().positive().meta({ description: 'Steps of a window' }),
        stride: z.number().int().positive().meta({ description: 'Steps from window to window' }),
        channels: z.array(channel).min(1).max(64).meta({ description: 'What a window holds' }),
      })
      .meta({ description: 'What the model card says; a robot that it does not fit downloads nothing' }),
    share: z.number().min(0).max(1).default(1).meta({
      description: 'Share of the robots that take it (canary); a robot stays in when the share grows',
    }),
    signature: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'Ed25519 over the canonical JSON of all other keys, base64' }),
  })
  .meta({ title: 'Model announcement', description: 'Retained; tells robots of a new model.' });
export type Announcement = z.infer<typeof announcementSchema>;

const maxBytes = 64 * 1024;

/** The announcement in a payload, or undefined. */
export function parseAnnouncement(payload: Buffer): Announcement | undefined {
  if (payload.length > maxBytes) return undefined;
  try {
    return announcementSchema.parse(JSON.parse(payload.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The bytes that are signed: keys sorted at every level, no white space, without `signature`. */
function signedBytes({ signature: _, ...rest }: Announcement): Buffer {
  return Buffer.from(canonical(rest));
}

export function signAnnouncement(announcement: Announcement, privateKey: KeyObject): Announcement {
  return { ...announcement, signature: sign(null, signedBytes(announcement), privateKey).toString('base64') };
}

/** Whether one of the keys signed it. */
export function isSigned(announcement: Announcement, publicKeys: readonly KeyObject[]): boolean {
  if (announcement.signature === undefined) return false;
  const signature = Buffer.from(announcement.signature, 'base64');
  const bytes = signedBytes(announcement);
  return publicKeys.some((key) => verify(null, bytes, key, signature));
}

/** Reads Ed25519 public keys in PEM. Throws ConfigError. */
export function readPublicKeys(files: readonly string[]): KeyObject[] {
  return files.map((file) => {
    const refuse = (found: string) =>
      new ConfigError([
        { file, key: 'mqtt.models.publicKeys', found, expected: 'an Ed25519 public key in PEM' },
      ]);
    let key: KeyObject;
    try {
      key = createPublicKey(readFileSync(file));
    } catch (error) {
      throw refuse((error as Error).message);
    }
    if (key.asymmetricKeyType !== 'ed25519') throw refuse(`a key of type ${key.asymmetricKeyType}`);
    return key;
  });
}

/**
 * Whether a robot is among the first `share` of the fleet for this model. Each model draws anew, so it is not always
 * the same robots that go first; the same robot and model always give the same answer.
 */
export function isInShare(
  robotId: string,
  announcement: Pick<Announcement, 'name' | 'version' | 'share'>,
): boolean {
  const text = `${announcement.name}@${announcement.version} ${robotId}`;
  const position = createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
  return position < announcement.share;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}
