import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { unzipSync, zipSync } from 'fflate';
import { compareModels } from '../../agent/model/compare-models.ts';
import { importModel } from '../../agent/model/import/import-model.ts';
import { importKeras } from '../../agent/model/import/keras.ts';
import { importOnnx } from '../../agent/model/import/onnx.ts';
import { loadModel } from '../../agent/model/load.ts';
import * as ort from '../../agent/model/onnx-native.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { exportOnnx } from '../../agent/train/onnx/export.ts';
import { saveTfjs } from '../../agent/train/save-tfjs.ts';
import { randomAt } from '../../agent/train/seeded.ts';
import { predict } from '../../agent/train/step.ts';

// Made by scripts/fixtures/import-keras.py and import-torch.py with the frameworks themselves.
const fixtures = join(import.meta.dirname, '../fixtures/import');
const folder = mkdtempSync(join(tmpdir(), 'underfoot-import-'));
after(() => rmSync(folder, { recursive: true }));

interface Expected {
  readonly x: number[];
  readonly expected: Record<string, number[]>;
}
const read = (name: string): Expected => JSON.parse(readFileSync(join(fixtures, name), 'utf8'));
const [keras, torch] = [read('expected-keras.json'), read('expected-torch.json')];
const sizes = { steps: 20, channels: 2, labels: 3 };
const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i])));

const options = {
  labels: ['A', 'B', 'C'],
  channels: [
    { name: 'p', unit: 'A' },
    { name: 'q', unit: 'A' },
  ],
  rateHz: 10,
  steps: 20,
  stride: 10,
  normalisation: { kind: 'none' as const },
  data: join(folder, 'data'),
};

before(() => {
  for (const label of options.labels) {
    mkdirSync(join(options.data, label), { recursive: true });
    const random = randomAt(label.charCodeAt(0));
    const rows = Array.from({ length: 80 }, (_, i) => `${i / 10},${random.normal()},${random.normal()}`);
    writeFileSync(join(options.data, label, 'one.csv'), `time,p,q\n${rows.join('\n')}\n`);
  }
});

describe('import', () => {
  for (const [file, expected] of Object.entries(keras.expected).filter(([file]) => !file.endsWith('.onnx'))) {
    it(`${file} gives what Keras gave, here and as ONNX`, async () => {
      const model = importKeras(join(fixtures, file));
      const x = Float32Array.from(keras.x);
      assert.ok(largest(predict(model, x), expected) < 1e-4);
      const session = await ort.InferenceSession.create(exportOnnx(model));
      const { y } = await session.run({ x: new ort.Tensor('float32', x, [4, 20, 2]) });
      assert.ok(largest(y.data as Float32Array, expected) < 1e-4);
    });
  }

  for (const [file, { x, expected }] of [
    ['torch.onnx', torch],
    ['tf2onnx.onnx', keras],
  ] as const) {
    it(`${file} gives what its framework gave`, async () => {
      const network = await importOnnx(join(fixtures, file), sizes);
      assert.ok(largest(await network.predict(Float32Array.from(x)), expected[file]) < 1e-4);
    });
  }

  it('writes a model folder that the agent loads in both engines, with self-test windows on its card', async () => {
    const out = join(folder, 'keras');
    const file = join(fixtures, 'keras3-gru.keras');
    const card = await importModel({ ...options, file, out, name: 'keras' });
    assert.equal(card.output, 'probabilities');
    assert.equal(card.heldOut.raw.windows, 21);
    assert.ok(card.selfTest.windows.length >= 3);
    for (const engine of ['onnx', 'tfjs'] as const) {
      const model = await loadModel(out, engine);
      assert.ok(model.selfTestError < 1e-5);
      await model.classifier.close();
    }
  });

  it('takes over logits from PyTorch as such', async () => {
    const file = join(fixtures, 'torch.onnx');
    const card = await importModel({ ...options, file, out: join(folder, 'torch'), name: 'torch' });
    assert.equal(card.output, 'logits');
    await (await loadModel(join(folder, 'torch'))).classifier.close();
  });

  it('takes over a TensorFlow.js folder', async () => {
    const file = join(folder, 'layers');
    await saveTfjs(importKeras(join(fixtures, 'keras3-lstm.keras')), file);
    await importModel({ ...options, file, out: join(folder, 'tfjs'), name: 'tfjs' });
    await (await loadModel(join(folder, 'tfjs'))).classifier.close();
  });

  it('compares two models on the same windows', async () => {
    const folders = [join(folder, 'one'), join(folder, 'two')];
    for (const [i, file] of ['keras3-gru.keras', 'keras2-lstm.h5'].entries())
      await importModel({ ...options, file: join(fixtures, file), out: folders[i], name: `model-${i}` });
    const [a, b] = [await loadModel(folders[0]), await loadModel(folders[1])];
    const own = await compareModels(a, a, recordingsIn(options.data));
    assert.equal(own.mcnemar.pValue, 1);
    assert.equal(own.accuracy[0], own.accuracy[1]);
    const both = await compareModels(a, b, recordingsIn(options.data));
    assert.equal(both.windows, 21);
    // Windows of 20 steps every 10: in each of three recordings four of seven stand apart.
    assert.equal(both.mcnemarWithoutOverlap.windows, 12);
    const [first, second] = both.accuracy.map((v) => Math.round(v * both.windows));
    assert.equal(first - second, both.mcnemar.onlyFirst - both.mcnemar.onlySecond);
    assert.ok(Math.abs(first / both.windows - a.card.heldOut.raw.accuracy) < 1e-9);
    await a.classifier.close();
    await b.classifier.close();
  });

  /** A fixture with other bytes. */
  const changed = (name: string, change: (bytes: Buffer) => Uint8Array): string => {
    const file = join(folder, `changed-${name}`);
    writeFileSync(file, change(readFileSync(join(fixtures, name))));
    return file;
  };
  const twoOutputs = (bytes: Buffer): Uint8Array => {
    const entries = unzipSync(bytes);
    const model = JSON.parse(Buffer.from(entries['config.json']).toString());
    const [output] = [model.config.output_layers].flat(2).filter((part) => typeof part === 'string');
    model.config.output_layers = [
      [output, 0, 0],
      [model.config.layers[1].config.name, 0, 0],
    ];
    return zipSync({ ...entries, 'config.json': Buffer.from(JSON.stringify(model)) });
  };

  const refusals: [string, Partial<typeof options> & { file: string }, RegExp][] = [
    [
      'an unknown layer, by its name',
      { file: join(fixtures, 'keras3-unknown.keras') },
      /layer old_one \(SimpleRNN\): found no such layer here, expected one of LSTM/,
    ],
    [
      'another number of labels',
      { file: join(fixtures, 'keras3-lstm.keras'), labels: ['A', 'B'] },
      /output: found \[batch, 3\], expected \[batch, 2\]/,
    ],
    [
      'another shape of window',
      { file: join(fixtures, 'keras3-lstm.keras'), steps: 30 },
      /input: found \[batch, 20, 2\], expected \[batch, 30, 2\]/,
    ],
    [
      'another shape of window in ONNX',
      { file: join(fixtures, 'torch.onnx'), steps: 30 },
      /input x: found float32 \[batch, 20, 2\], expected one float32 tensor \[batch, 30, 2\]/,
    ],
    [
      'a zip that was cut off',
      { file: changed('keras3-lstm.keras', (bytes) => bytes.subarray(0, bytes.length / 2)) },
      /changed-keras3-lstm.keras: found .+, expected a whole model as Keras 2 or 3 saves it/,
    ],
    [
      'an HDF5 file that was cut off',
      { file: changed('keras2-lstm.h5', (bytes) => bytes.subarray(0, 1000)) },
      /changed-keras2-lstm.h5: found .+, expected a whole model as Keras 2 or 3 saves it/,
    ],
    [
      'a second output, which would be left out',
      { file: changed('keras3-functional.keras', twoOutputs) },
      /output_layers: found \w+, \w+, expected one layer of the model/,
    ],
    ['a file that is missing', { file: join(fixtures, 'none.keras') }, /none.keras: found no such file/],
    [
      'a file of another kind',
      { file: join(fixtures, 'expected-keras.json') },
      /found neither a zip nor an HDF5 file, expected a model saved by Keras/,
    ],
  ];
  for (const [what, more, message] of refusals) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(
        importModel({ ...options, out: join(folder, 'no'), name: 'no', ...more }),
        message,
      );
    });
  }
});
