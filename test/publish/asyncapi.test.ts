import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Parser } from '@asyncapi/parser';
import { packageRoot } from '../../agent/package-root.ts';
import { asyncApiYaml } from '../../agent/publish/asyncapi.ts';
import { commands } from '../../agent/publish/command-payloads.ts';
import { reports } from '../../agent/publish/payloads.ts';
import { topicsReference } from '../../agent/publish/reference.ts';

test('docs/asyncapi.yaml and docs/topics.md are what the schemas say now (else: npm run docs)', () => {
  assert.equal(readFileSync(join(packageRoot, 'docs/asyncapi.yaml'), 'utf8'), asyncApiYaml());
  assert.equal(readFileSync(join(packageRoot, 'docs/topics.md'), 'utf8'), topicsReference());
});

test("AsyncAPI's own parser finds no fault with the document, and finds every topic in it", async () => {
  const { document, diagnostics } = await new Parser().parse(asyncApiYaml());
  // Severity 0 is an error, 1 a warning; 2 and 3 are advice.
  assert.deepEqual(
    diagnostics.filter((d) => d.severity < 2),
    [],
  );
  const addresses = document
    ?.channels()
    .all()
    .map((channel) => channel.address());
  for (const name of Object.keys(reports)) assert.ok(addresses?.includes(`{prefix}/{robotId}/${name}`), name);
  for (const name of Object.keys(commands)) {
    assert.ok(addresses?.includes(`{prefix}/{robotId}/command/${name}`), name);
    assert.ok(addresses?.includes(`{prefix}/{robotId}/command/${name}/result`), name);
  }
});

test('every key of every payload says what it means', () => {
  const silent = topicsReference()
    .split('\n')
    .filter((line) => /^\| `[^|]*\|[^|]*\|[^|]*\| {1,2}\|$/.test(line));
  assert.deepEqual(silent, []);
});
