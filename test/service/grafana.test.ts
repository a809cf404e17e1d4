import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';

test('every metric that the Grafana board asks for is one that the agent has', () => {
  const board = JSON.parse(readFileSync(join(packageRoot, 'docs/examples/grafana/underfoot.json'), 'utf8'));
  const code = readFileSync(join(packageRoot, 'agent/service/agent-metrics.ts'), 'utf8');
  const known = new Set([
    ...[...code.matchAll(/gauge\(\s*'([a-z_]+)'/g)].map(([, name]) => `underfoot_${name}`),
    ...[...code.matchAll(/counter\('([a-z_]+)'/g)].map(([, name]) => `underfoot_${name}_total`),
  ]);
  const queries = board.panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr),
  );
  const asked = queries.flatMap((query: string) => query.match(/underfoot_\w+/g) ?? []);
  assert.ok(asked.length >= 10);
  for (const name of asked) assert.ok(known.has(name), `${name}; known: ${[...known].join(', ')}`);
});
