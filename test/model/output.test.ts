import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ModelCard } from '../../agent/model/card.ts';
import { loadCard, modelFolder } from '../../agent/model/card-file.ts';
import { loadModel } from '../../agent/model/load.ts';
import { probabilitiesOf } from '../../agent/model/output.ts';

const labels = ['ICE', 'SNOW', 'SAND'];
const near = (found: Float32Array, expected: readonly number[]): void =>
  assert.ok(
    expected.every((p, k) => Math.abs(found[k] - p) < 1e-6),
    `${[...found]}`,
  );

test('logits and probabilities are scaled alike, by the temperature or by label', () => {
  const p = [0.7, 0.2, 0.1];
  const both = [
    ['probabilities', p],
    ['logits', p.map(Math.log)],
  ] as const;
  for (const [output, given] of both) {
    near(probabilitiesOf({ labels, output, temperature: 1 }, given), p);
    const vectorScaling = { scale: [2, 1, 1], bias: [0, 0, Math.log(2)] };
    // 0.7 squared, 0.2, twice 0.1, over their sum
    near(
      probabilitiesOf({ labels, output, temperature: 5, vectorScaling }, given),
      [0.49, 0.2, 0.2].map((v) => v / 0.89),
    );
  }
});

test('what is no number is refused with the label: it would silence the filter behind it for good', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(
      () => probabilitiesOf({ labels, output: 'logits', temperature: 1 }, [0, bad, 0]),
      /output for SNOW: found (NaN|Infinity), expected a finite number/,
    );
});

test('a card with vector scaling is checked, loaded and applied', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-scaling-'));
  try {
    cpSync(modelFolder('demo-six-surfaces'), folder, { recursive: true });
    const file = join(folder, 'card.json');
    const card = JSON.parse(readFileSync(file, 'utf8')) as ModelCard;
    const shipped = card.selfTest.windows.map((w) => w.probabilities);
    const write = (scale: number[]): void =>
      writeFileSync(
        file,
        JSON.stringify({ ...card, vectorScaling: { scale, bias: card.labels.map(() => 0) } }),
      );
    write([1, 1]);
    assert.throws(() => loadCard(folder), /vectorScaling\.scale: found 2 numbers, expected 6, one a label/);
    // The shipped temperature, by label: the self-test still holds.
    write(card.labels.map(() => 1 / card.temperature));
    const same = await loadModel(folder, 'onnx');
    await same.classifier.close();
    assert.ok(shipped.length > 0 && same.selfTestError < 1e-5);
    write(card.labels.map(() => 0.1 / card.temperature));
    await assert.rejects(() => loadModel(folder, 'onnx'), /selfTest\.windows\.0\.probabilities/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
