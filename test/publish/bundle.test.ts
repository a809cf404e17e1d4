import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { DataError } from '../../agent/errors.ts';
import { fetchBundle } from '../../agent/publish/rollout/bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-bundle-'));
after(() => rmSync(folder, { recursive: true }));
const content = Buffer.from('the files of a model');
const file = join(folder, 'bundle.zip');
writeFileSync(file, content);
const announced = {
  url: pathToFileURL(file).href,
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};
const { signal } = new AbortController();

test('a bundle of a file is what was announced, or refused', async () => {
  assert.deepEqual(await fetchBundle(announced, signal), content);
  await assert.rejects(fetchBundle({ ...announced, sha256: '0'.repeat(64) }, signal), /SHA-256: found/);
  await assert.rejects(
    fetchBundle({ ...announced, bytes: content.length + 1 }, signal),
    /size: found 20 bytes/,
  );
});

test('of a file that goes on for ever no more is read than was announced', async () => {
  await assert.rejects(
    fetchBundle({ ...announced, url: 'file:///dev/zero', bytes: 100_000 }, signal),
    (error: unknown) => error instanceof DataError && /more than 100000 bytes/.test(error.message),
  );
});
