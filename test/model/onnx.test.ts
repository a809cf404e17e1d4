import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelFolder } from '../../agent/model/card-file.ts';
import { loadModel } from '../../agent/model/load.ts';

test('windows that are classified at the same time get their own answers', async () => {
  const { card, classifier } = await loadModel(modelFolder('demo-six-surfaces'), 'onnx');
  const windows = Array.from({ length: 20 }, (_, k) =>
    new Float32Array(card.steps * card.channels.length).map((_, i) => 0.2 * k + Math.sin(i * (k + 1))),
  );
  const alone: Float32Array[] = [];
  for (const window of windows) alone.push(await classifier.classify(window));
  const together = await Promise.all(windows.map((window) => classifier.classify(window)));
  assert.deepEqual(together, alone);
  await classifier.close();
});
