import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Announcement,
  announcementSchema,
  isInShare,
  isSigned,
  readPublicKeys,
  signAnnouncement,
} from '../../agent/publish/rollout/announcement.ts';

export const announcement: Announcement = {
  schemaVersion: 1,
  name: 'demo',
  version: '2',
  issued: '2026-01-02T03:04:05.678Z',
  url: 'https://models.example/demo-2.zip',
  bytes: 1000,
  sha256: '0'.repeat(64),
  card: { labels: ['a', 'b'], rateHz: 50, steps: 100, stride: 10, channels: [{ name: 'curL', unit: 'A' }] },
  share: 1,
};

test('a signature covers every key, whatever their order', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519').publicKey;
  const signed = signAnnouncement(announcement, privateKey);
  assert.equal(isSigned(signed, [other, publicKey]), true);
  const shuffled = Object.fromEntries(Object.entries(signed).reverse());
  assert.equal(isSigned(announcementSchema.parse(shuffled), [publicKey]), true);
  assert.equal(isSigned(signed, [other]), false);
  assert.equal(isSigned(announcement, [publicKey]), false);
  for (const change of [
    { url: 'https://evil.example/x.zip' },
    { share: 0.5 },
    { version: '3' },
    { bytes: 1 },
  ]) {
    assert.equal(isSigned({ ...signed, ...change }, [publicKey]), false, JSON.stringify(change));
  }
  assert.equal(isSigned({ ...signed, signature: 'AAAA' }, [publicKey]), false);
});

test('the share draws robots by chance, always the same, and keeps them when it grows', () => {
  const robots = Array.from({ length: 2000 }, (_, i) => `robot-${i}`);
  const chosen = (share: number) => robots.filter((r) => isInShare(r, { ...announcement, share }));
  assert.equal(chosen(0).length, 0);
  assert.equal(chosen(1).length, 2000);
  const few = chosen(0.1);
  assert.ok(few.length > 140 && few.length < 260, `${few.length} of 2000`);
  assert.deepEqual(chosen(0.1), few);
  const more = new Set(chosen(0.5));
  assert.ok(few.every((r) => more.has(r)));
  const next = robots.filter((r) => isInShare(r, { ...announcement, version: '3', share: 0.1 }));
  assert.notDeepEqual(next, few);
});

test('only Ed25519 public keys are taken, and a wrong one is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'key.pem');
  writeFileSync(file, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
  assert.equal(readPublicKeys([file]).length, 1);
  writeFileSync(
    file,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
  );
  assert.throws(() => readPublicKeys([file]), { message: /key\.pem: .*type ec/, exitCode: 78 });
  assert.throws(() => readPublicKeys(['/nowhere.pem']), { message: /nowhere\.pem/, exitCode: 78 });
});
