import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as ort from '../../agent/model/onnx-native.ts';
import { fit } from '../../agent/train/fit.ts';
import { exportOnnx } from '../../agent/train/onnx/export.ts';
import { loadTfjs, saveTfjs } from '../../agent/train/save-tfjs.ts';
import { predict } from '../../agent/train/step.ts';
import { tfl } from '../../agent/train/tensorflow.ts';
import { python, skipWithoutPython } from '../helpers/python.ts';
import { CHANNELS, LABELS, network, networks, noise, STEPS } from './networks.ts';

const COUNT = 7;
const folder = mkdtempSync(join(tmpdir(), 'underfoot-onnx-'));
after(() => rmSync(folder, { recursive: true }));

const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((worst, v, i) => Math.max(worst, Math.abs(v - b[i])), 0);

async function runOnnx(bytes: Uint8Array, x: Float32Array): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes);
  const output = await session.run({ x: new ort.Tensor('float32', x, [COUNT, STEPS, CHANNELS]) });
  return output.y.data as Float32Array;
}

describe('export', () => {
  for (const name of Object.keys(networks)) {
    it(`${name}: ONNX and TensorFlow.js files give what the trained network gives`, async () => {
      const model = network(name);
      const y = Float32Array.from({ length: COUNT * LABELS }, (_, i) => (i % LABELS === 1 ? 1 : 0));
      // A few steps move the weights and the batch normalisation's means off their first values.
      const optimiser = { kind: 'adam', learningRate: 0.01 } as const;
      const x = noise(COUNT * STEPS * CHANNELS).map(Math.abs);
      await fit({ model, x, y, epochs: 3, batchSize: 4, optimiser, seed: 1 });
      const expected = predict(model, x);
      assert.ok(largest(expected, await runOnnx(exportOnnx(model), x)) < 1e-5);
      const files = await saveTfjs(model, join(folder, name));
      assert.deepEqual(files, ['model.json', 'weights.bin']);
      assert.deepEqual(predict(await loadTfjs(join(folder, name)), x), expected);
    });
  }

  it('feature LSTMs: a current that no motor draws gives probabilities too, the same in both', async () => {
    const model = network('feature LSTMs together');
    const extremes = [0, -0.9, -1, -40, 1e4, -1e4, 1e-30];
    const x = noise(COUNT * STEPS * CHANNELS).map((v, i) => {
      const extreme = extremes[Math.floor(i / (STEPS * CHANNELS))];
      return i % 3 === 0 ? extreme + v / 10 : extreme;
    });
    const expected = predict(model, x);
    assert.ok(expected.every((p) => p >= 0 && p <= 1));
    assert.ok(largest(expected, await runOnnx(exportOnnx(model), x)) < 1e-4);
  });

  it('gives models that the ONNX checker and Python accept, as their cards say', {
    skip: skipWithoutPython('onnx', 'onnxruntime', 'numpy'),
  }, () => {
    const models = readdirSync('models').map((name) => join('models', name));
    assert.ok(models.length >= 3);
    const out = execFileSync(python, ['scripts/check-onnx.py', ...models], { encoding: 'utf8' });
    assert.equal(out.trim().split('\n').length, models.length, out);
  });

  it('refuses a layer that ONNX has no form of, and names it', () => {
    const layers = [
      tfl.layers.simpleRNN({ units: 3, inputShape: [STEPS, CHANNELS], name: 'old' }),
      tfl.layers.dense({ units: 2 }),
    ];
    assert.throws(() => exportOnnx(tfl.sequential({ layers })), /layer old \(SimpleRNN\): no ONNX form/);
  });
});
