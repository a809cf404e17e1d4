import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { findingsOf } from '../../config/problems.ts';
import { ConfigError } from '../../errors.ts';
import type { ModelCard } from '../../model/card.ts';
import { type Announcement, announcementSchema, signAnnouncement } from './announcement.ts';

/** Announcement of a bundle; signed where there is a key. Throws what its schema refuses as ConfigError. */
export function makeAnnouncement(
  card: ModelCard,
  bundle: Buffer,
  how: { url: string; share: number; issued: Date; key?: KeyObject | undefined },
): Announcement {
  const { name, version, labels, rateHz, steps, stride } = card;
  const channels = card.channels.map((channel) => ({ name: channel.name, unit: channel.unit }));
  const content = {
    schemaVersion: 1,
    name,
    version,
    issued: how.issued.toISOString(),
    url: how.url,
    bytes: bundle.length,
    sha256: createHash('sha256').update(bundle).digest('hex'),
    card: { labels, rateHz, steps, stride, channels },
    share: how.share,
  };
  const parsed = announcementSchema.safeParse(content);
  if (parsed.success) return how.key ? signAnnouncement(parsed.data, how.key) : parsed.data;
  throw new ConfigError(findingsOf('announcement', content, parsed.error, announcementSchema));
}

/** An Ed25519 private key in PEM. Throws ConfigError, which does not repeat the content. */
export function readPrivateKey(file: string): KeyObject {
  const refuse = (found: string) =>
    new ConfigError([
      { file, found, expected: 'an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519)' },
    ]);
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(code === 'ENOENT' ? 'no such file' : (code ?? message));
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw refuse('no private key');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refuse(`a key of type ${key.asymmetricKeyType}`);
  return key;
}
