import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadModel } from '../../agent/model/load.ts';
import { packageRoot } from '../../agent/package-root.ts';

const models = join(packageRoot, 'models');

for (const name of readdirSync(models)) {
  test(`${name}: ONNX Runtime and TensorFlow.js agree with the card's self-test, and each other, to 1e-5`, async (t) => {
    const folder = join(models, name);
    // Native TensorFlow where it is installed, else pure JavaScript: the name says which.
    const [onnx, tfjs] = [await loadModel(folder, 'onnx'), await loadModel(folder, 'tfjs')];
    t.diagnostic(`${onnx.classifier.engine}, ${tfjs.classifier.engine}`);
    assert.ok(onnx.selfTestError < 1e-5, `${onnx.selfTestError}`);
    assert.ok(tfjs.selfTestError < 1e-5, `${tfjs.selfTestError}`);
    for (const { data } of onnx.card.selfTest.windows) {
      const [a, b] = [
        await onnx.classifier.classify(Float32Array.from(data)),
        await tfjs.classifier.classify(Float32Array.from(data)),
      ];
      for (let i = 0; i < a.length; i++) assert.ok(Math.abs(a[i] - b[i]) < 1e-5, `${a} and ${b}`);
    }
    await onnx.classifier.close();
    await tfjs.classifier.close();
  });
}
