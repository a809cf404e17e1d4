import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createProtocol, protocolSchema } from '../../agent/protocol/registry.ts';

test('every example in docs/protocols.md is a valid specification with channels left and right', () => {
  const text = readFileSync('docs/protocols.md', 'utf8');
  const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => parse(match[1]).protocol);
  const seen = new Set<string>();
  for (const example of examples) {
    const spec = protocolSchema.parse(example);
    seen.add(spec.name);
    assert.deepEqual(createProtocol(spec).channels, ['left', 'right'], JSON.stringify(example));
  }
  assert.deepEqual([...seen].sort(), protocolSchema.options.map((option) => option.shape.name.value).sort());
});
