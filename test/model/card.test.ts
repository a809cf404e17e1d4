import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../../agent/errors.ts';
import type { ModelCard } from '../../agent/model/card.ts';
import { loadCard, modelFolder } from '../../agent/model/card-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-card-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'card.json');
const shipped = readFileSync(join(modelFolder('husky-a200-1ch'), 'card.json'), 'utf8');
const labels = (JSON.parse(shipped) as ModelCard).labels.length;
const even = Array.from({ length: labels }, () => new Array<number>(labels).fill(1 / labels));

for (const [change, key, found] of [
  [(card) => ({ ...card, decision: { ...card.decision, stay: 0 } }), 'decision.stay', '0'],
  [
    (card) => ({ ...card, decision: { ...card.decision, transitions: even.slice(1) } }),
    'decision.transitions',
    `${labels - 1} rows`,
  ],
  [
    (card) => ({ ...card, decision: { ...card.decision, transitions: [[1], ...even.slice(1)] } }),
    'decision.transitions.0',
    '1 numbers',
  ],
  [
    (card) => ({
      ...card,
      decision: { ...card.decision, transitions: even.map((r) => r.map((p) => p / 2)) },
    }),
    'decision.transitions.0',
    'a sum of 0.5',
  ],
  [
    (card) => ({ ...card, reference: { ...card.reference, accuracy: { weights: [1], spread: 0, run: 1 } } }),
    'reference.accuracy.weights',
    '1 numbers',
  ],
] as [(card: ModelCard) => ModelCard, string, string][]) {
  test(`a card with ${found} at ${key} is refused by its name`, () => {
    writeFileSync(file, JSON.stringify(change(JSON.parse(shipped))));
    assert.throws(
      () => loadCard(folder),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        const [finding] = error.findings;
        assert.deepEqual([finding.file, finding.key], [file, key]);
        assert.ok(finding.found.startsWith(found), finding.found);
        return true;
      },
    );
  });
}
