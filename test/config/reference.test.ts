import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configJsonSchema, configReference } from '../../agent/config/reference.ts';
import { packageRoot } from '../../agent/package-root.ts';

test('docs/config.md is what the schema says now (else: npm run docs)', () => {
  assert.equal(readFileSync(join(packageRoot, 'docs/config.md'), 'utf8'), configReference());
});

test('every key of the schema is in the reference, and every section has its table', () => {
  const reference = configReference();
  for (const [key, property] of Object.entries(configJsonSchema().properties ?? {})) {
    assert.ok(reference.includes(`| \`${key}\` |`), key);
    if (property.properties) assert.ok(reference.includes(`## ${key}`), key);
  }
  assert.ok(reference.includes('## source (kind: serial)'));
  assert.ok(reference.includes('| `source.baudRate` |'));
});

test('no key goes without a meaning at the top level', () => {
  const schema = configJsonSchema();
  const silent = Object.entries(schema.properties ?? {})
    .filter(([, p]) => !p.description && !p.properties && !p.oneOf && !p.anyOf)
    .map(([key]) => key);
  assert.deepEqual(silent, []);
});
