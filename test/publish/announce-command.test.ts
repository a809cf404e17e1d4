import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';
import { isSigned, parseAnnouncement } from '../../agent/publish/rollout/announcement.ts';
import { unpackBundle } from '../../agent/publish/rollout/bundle.ts';
import { cardWith } from '../calibrate/robot.ts';
import { noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';

test('underfoot announce bundles, signs and publishes a model; another share makes the same bundle', {
  skip: noMosquitto,
}, async (t) => {
  const broker = await startMosquitto();
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-announce-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const model = join(folder, 'model');
  mkdirSync(model);
  writeFileSync(join(model, 'card.json'), JSON.stringify(cardWith([{ name: 'curL', unit: 'A' }])));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = join(folder, 'key.pem');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const bundle = join(folder, 'none.zip');
  const announce = (...more: string[]) =>
    spawnSync(
      process.execPath,
      [
        ...['--import', 'tsx', join(packageRoot, 'agent/cli.ts'), 'announce', model, `--bundle=${bundle}`],
        ...[`--broker=${broker.url}`, `--url=file://${bundle}`, ...more],
      ],
      { encoding: 'utf8' },
    );
  const first = announce(`--key=${key}`, '--share=0.1');
  assert.equal(first.status, 0, first.stderr);
  const fleet = await TestClient.open(broker.url, 'underfoot/fleet/model');
  const { text, packet } = await fleet.wait((m) => m.text !== '', 'the announcement');
  assert.equal(packet.retain, true);
  const announcement = parseAnnouncement(Buffer.from(text));
  assert.ok(announcement && isSigned(announcement, [publicKey]));
  assert.equal(announcement.share, 0.1);
  assert.deepEqual([...unpackBundle(readFileSync(bundle), bundle).keys()], ['card.json']);

  const second = announce(`--key=${key}`, '--no-publish');
  assert.equal(JSON.parse(second.stdout).sha256, announcement.sha256);
  const wrong = announce(`--key=${join(model, 'card.json')}`);
  assert.equal(wrong.status, 78);
  assert.match(wrong.stderr, /card\.json: found no private key, expected an Ed25519 private key/);
  assert.match(announce(`--key=${bundle}.none`).stderr, /none: found no such file, expected an Ed25519/);
  const all = announce(`--key=${key}`, '--share=5');
  assert.match(all.stderr, /announcement: share: found 5, expected at most 1/);
  await fleet.close();
  await broker.close();
});
