import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitScaling, type JudgedWindows } from '../../agent/train/fit-scaling.ts';
import { randomAt } from '../../agent/train/seeded.ts';

/** Windows whose true label is drawn from honest logits; the model gives what `distort` makes of those. */
function judged(
  kind: JudgedWindows['kind'],
  distort: (logits: readonly number[]) => number[],
  { count = 4000, recordings = 40 } = {},
): JudgedWindows {
  const random = randomAt(4);
  const labels = ['A', 'B', 'C'];
  const output: number[] = [];
  const [truth, ids]: [number[], string[]] = [[], []];
  for (let i = 0; i < count; i++) {
    const logits = labels.map(() => 1.5 * random.normal());
    const [u, honest] = [random.uniform(), shares(logits)];
    truth[i] = u < honest[0] ? 0 : u < honest[0] + honest[1] ? 1 : 2;
    ids[i] = `${labels[truth[i]]}/${i % recordings}`;
    const own = distort(logits);
    output.push(...(kind === 'logits' ? own : shares(own)));
  }
  return { labels, kind, output: Float32Array.from(output), truth, recordings: ids };
}

function shares(logits: readonly number[]): number[] {
  const e = logits.map(Math.exp);
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

const near = (found: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(found - expected) < tolerance, `${found}, expected ${expected} +- ${tolerance}`);

describe('the scaling', () => {
  for (const kind of ['logits', 'probabilities'] as const) {
    it(`is a temperature where ${kind} were sharpened by it, found again`, () => {
      const { temperature, vectorScaling, compared } = fitScaling(judged(kind, (z) => z.map((v) => 2 * v)));
      near(temperature, 2, 0.15);
      assert.equal(vectorScaling, undefined);
      assert.ok(compared.temperature.logLoss < compared.asIs.logLoss - 0.05);
      assert.ok(compared.temperature.ece < compared.asIs.ece / 2);
    });
  }

  it('has a factor and a bias for each label where labels were distorted each in its own way', () => {
    const [factors, biases] = [
      [1, 2, 0.7],
      [0, 1.5, -1],
    ];
    const { vectorScaling, compared } = fitScaling(
      judged('logits', (z) => z.map((v, k) => v * factors[k] + biases[k])),
    );
    assert.ok(vectorScaling, 'a vector scaling');
    vectorScaling.scale.forEach((s, k) => {
      near(s, 1 / factors[k], 0.12);
    });
    // Only differences of biases mean something.
    const undone = vectorScaling.bias.map((b, k) => b + (biases[k] * 1) / factors[k]);
    for (const b of undone) near(b - undone[0], 0, 0.2);
    assert.ok(compared.vector.logLoss < compared.temperature.logLoss);
    assert.ok(compared.vector.brier < compared.temperature.brier);
  });

  it('compares on recordings that were not fitted on: what one recording is wrong about is not learnt', () => {
    // One recording a label, each with a bias of its own: on itself a vector fits best, on another it does not help.
    const random = randomAt(9);
    const windows = judged('logits', (z) => [...z], { count: 60, recordings: 20 });
    const bias = new Map(windows.recordings.map((id) => [id, [0, 0, 0].map(() => 3 * random.normal())]));
    const output = windows.output.map((v, i) => v + bias.get(windows.recordings[Math.floor(i / 3)])![i % 3]);
    assert.equal(fitScaling({ ...windows, output }).vectorScaling, undefined);
  });

  it('is a temperature where every label has one recording only, so that nothing can be compared', () => {
    const windows = judged('logits', (z) => [z[0], z[1] + 3, z[2]]);
    const recordings = Array.from(windows.truth, (t) => windows.labels[t]);
    const { temperature, vectorScaling, compared } = fitScaling({ ...windows, recordings });
    assert.equal(vectorScaling, undefined);
    assert.ok(temperature > 0 && compared.vector.logLoss > 0);
  });

  it('is found for a model that is far too sure of itself, where whole steps of Newton go ever further away', () => {
    const { temperature, compared } = fitScaling(judged('logits', (z) => z.map((v) => 25 * v)));
    near(temperature / 25, 1, 0.08);
    near(compared.vector.logLoss, compared.temperature.logLoss, 0.01);
    assert.ok(compared.temperature.logLoss < compared.asIs.logLoss / 2);
  });
});
