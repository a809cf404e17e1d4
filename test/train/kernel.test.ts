import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { useKernel } from '../../agent/train/kernel/choose.ts';
import type { LstmKernel, LstmShape, LstmWeights } from '../../agent/train/kernel/lstm-kernel.ts';
import { plainLstm } from '../../agent/train/kernel/plain-lstm.ts';
import { wasmLstmIn } from '../../agent/train/kernel/wasm-lstm.ts';
import { WasmMemory, wasmMemory } from '../../agent/train/kernel/wasm-memory.ts';
import { tf, tfl } from '../../agent/train/tensorflow.ts';
import { noise } from './networks.ts';

// Before the fused layer takes the name.
const Stock = tf.serialization.SerializationMap.getMap().classNameMap.LSTM[0] as unknown as LayerClass;
const { FusedLstm, lstm } = await import('../../agent/train/lstm-layer.ts');
type LayerClass = new (args: object) => tfl.layers.Layer;

/** Both builds where this Node has relaxed SIMD; every Node from 20 on has. */
const memories = [wasmMemory(), new WasmMemory('WebAssembly SIMD')];
const kernels: LstmKernel[] = [...memories.map(wasmLstmIn), plainLstm];
const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i])));

/** Value, gradient of the input and gradients of the weights of sum(layer(x) * c). */
function gradients(model: tfl.LayersModel, x: tf.Tensor, c: tf.Tensor): Float32Array[] {
  const f = (x: tf.Tensor): tf.Scalar => tf.sum(tf.mul(model.apply(x) as tf.Tensor, c)) as tf.Scalar;
  const variables = model.trainableWeights.map((w) => (w as unknown as { val: tf.Variable }).val);
  const { value, grads } = tf.variableGrads(() => f(x), variables);
  return [value, tf.grad(f)(x), ...variables.map((v) => grads[v.name])].map(
    (t) => t.dataSync() as Float32Array,
  );
}

describe('the LSTM kernel', () => {
  after(() => useKernel(undefined));

  const cases = [
    {
      batch: 32,
      steps: 100,
      inputs: 1,
      units: 64,
      returnSequences: false,
      goBackwards: false,
      useBias: true,
    },
    { batch: 5, steps: 13, inputs: 3, units: 11, returnSequences: true, goBackwards: true, useBias: true },
    { batch: 1, steps: 1, inputs: 9, units: 1, returnSequences: true, goBackwards: false, useBias: false },
    { batch: 6, steps: 7, inputs: 16, units: 24, returnSequences: false, goBackwards: true, useBias: true },
  ];
  for (const c of cases) {
    for (const kernel of kernels) {
      it(`gives TensorFlow.js's outputs and gradients to 1e-4: ${kernel.name}, ${JSON.stringify(c)}`, () => {
        useKernel(kernel);
        const args = { ...c, recurrentActivation: 'sigmoid', inputShape: [c.steps, c.inputs] };
        const [stock, fused] = [Stock, FusedLstm as unknown as LayerClass].map((Layer) =>
          tfl.sequential({ layers: [new Layer(args)] }),
        );
        stock.setWeights(
          stock.getWeights().map((w, i) =>
            tf.tensor(
              noise(w.size, i).map((v) => v * 0.3),
              w.shape,
            ),
          ),
        );
        fused.setWeights(stock.getWeights());
        const x = tf.tensor(noise(c.batch * c.steps * c.inputs, 8), [c.batch, c.steps, c.inputs]);
        const shape = stock.outputs[0].shape.map((d) => d ?? c.batch);
        const factor = tf.tensor(noise(tf.util.sizeFromShape(shape), 9), shape);
        const expected = gradients(stock, x, factor);
        gradients(fused, x, factor).forEach((g, i) => {
          const scale = Math.max(1, ...Array.from(expected[i], Math.abs));
          assert.ok(largest(g, expected[i]) / scale < 1e-4, `gradient ${i}: ${largest(g, expected[i])}`);
        });
      });
    }
  }

  for (const kernel of kernels) {
    it(`agrees with finite differences: ${kernel.name}`, () => {
      const shape: LstmShape = { batch: 2, steps: 5, inputs: 2, units: 3, reverse: false, every: true };
      const weights = { kernel: noise(24, 1), recurrent: noise(36, 2), bias: noise(12, 3) };
      const [x, c] = [noise(20, 4), noise(30, 5)];
      const value = (x: Float32Array, w: LstmWeights): number => {
        const run = kernel.forward(shape, x, w);
        run.release();
        return run.output.reduce((sum, v, i) => sum + v * c[i], 0);
      };
      const d = kernel.forward(shape, x, weights).backward(c, true);
      const check = (name: string, values: Float32Array, gradient: Float32Array): void => {
        for (let i = 0; i < values.length; i++) {
          const [own, h] = [values[i], 1e-2];
          values[i] = own + h;
          const above = value(x, weights);
          values[i] = own - h;
          const below = value(x, weights);
          values[i] = own;
          assert.ok(Math.abs((above - below) / (2 * h) - gradient[i]) < 2e-3, `${name}[${i}]`);
        }
      };
      check('input', x, d.input!);
      for (const name of ['kernel', 'recurrent', 'bias'] as const) check(name, weights[name], d[name]);
    });
  }

  it('is the fused build here, and the other where it is asked for', () => {
    assert.equal(wasmMemory().kind, 'WebAssembly SIMD, fused multiply-add');
    const names = ['simd', 'plain'].map((kernel) => {
      const program =
        "import('./agent/train/kernel/choose.ts').then((m) => console.log(m.lstmKernel().name))";
      const env = { ...process.env, UNDERFOOT_KERNEL: kernel };
      return execFileSync(process.execPath, ['--import', 'tsx', '-e', program], {
        env,
        encoding: 'utf8',
      }).trim();
    });
    assert.deepEqual(names, ['WebAssembly SIMD', 'plain typed arrays']);
  });

  for (const memory of memories)
    it(`has a tanh within 4e-7 of the true one from -20 to 20: ${memory.kind}`, () => {
      const count = 40000;
      const pointer = memory.take(count);
      const view = memory.floats.subarray(pointer / 4, pointer / 4 + count);
      const x = Float32Array.from({ length: count }, (_, i) => (i - count / 2) / 1000);
      view.set(x);
      memory.exports.tanhAll(pointer, count);
      assert.ok(largest(view, x.map(Math.tanh)) < 4e-7);
      memory.give(pointer, count);
    });

  it('takes no more memory after the first of many equal steps, used or abandoned', () => {
    useKernel(kernels[0]);
    const model = tfl.sequential({ layers: [lstm({ units: 8, inputShape: [10, 2] })] });
    const [x, c] = [tf.tensor(noise(80), [4, 10, 2]), tf.ones([4, 8])];
    gradients(model, x, c);
    const bytes = wasmMemory().bytes;
    for (let i = 0; i < 20; i++) {
      gradients(model, x, c);
      model.predict(x);
    }
    assert.equal(wasmMemory().bytes, bytes);
  });

  it('is the built form of kernel.c, byte for byte, both times', (t) => {
    try {
      for (const tool of ['clang-16', 'wasm-ld-16']) execFileSync(tool, ['--version']);
    } catch {
      return t.skip('needs clang-16 and lld-16, as in Debian 12');
    }
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build-kernel.ts', '--check']);
  });
});
