/** A platform that ONNX Runtime has no native library for, made by letting Node not find the package. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { modelFolder } from '../../agent/model/card-file.ts';
import { loadModel } from '../../agent/model/load.ts';
import { packageRoot } from '../../agent/package-root.ts';

const noWeb = existsSync(join(packageRoot, 'node_modules/onnxruntime-web'))
  ? false
  : 'onnxruntime-web is not installed';

/** Loads a model in a process that does not find some packages. */
function loadWithout(missing: readonly string[], model = 'husky-a200-2ch') {
  const hook = `
    const missing = ${JSON.stringify(missing)};
    export async function resolve(name, context, next) {
      if (!missing.some((m) => name === m || name.startsWith(m + '/'))) return next(name, context);
      throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
    }`;
  const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const program = `
    import { register } from 'node:module';
    register(${JSON.stringify(dataUrl(hook))});
    const { loadModel } = await import('./agent/model/load.ts');
    const { classifier, selfTestError } = await loadModel('models/${model}');
    console.log(JSON.stringify({ engine: classifier.engine, notice: classifier.notice, selfTestError }));
    await classifier.close();`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as { engine: string; notice?: string; selfTestError: number };
}

test('with the native library there is nothing to notice', () => {
  const { engine, notice } = loadWithout([]);
  assert.match(engine, /^onnxruntime-node/);
  assert.equal(notice, undefined);
});

test('without the native library WebAssembly runs the model, says so, and agrees with the card to 1e-5', {
  skip: noWeb,
}, () => {
  const { engine, notice, selfTestError } = loadWithout(['onnxruntime-node']);
  assert.match(engine, /^onnxruntime-web 1\./);
  assert.match(String(notice), /no library for this platform .*WebAssembly/);
  assert.ok(selfTestError < 1e-5, `${selfTestError}`);
});

test('without WebAssembly either TensorFlow.js runs it, says so, and agrees with the card to 1e-5', () => {
  const { engine, notice, selfTestError } = loadWithout(['onnxruntime-node', 'onnxruntime-web']);
  assert.match(engine, /^tfjs-/);
  assert.match(String(notice), /TensorFlow\.js is used/);
  assert.ok(selfTestError < 1e-5, `${selfTestError}`);
});

test('WebAssembly and native answer alike for windows that are not on the card', {
  skip: noWeb,
}, async () => {
  const folder = modelFolder('demo-six-surfaces');
  const [native, web] = [await loadModel(folder, 'onnx'), await loadModel(folder, 'onnx-web')];
  const { steps, channels } = native.card;
  for (let k = 1; k <= 20; k++) {
    const window = new Float32Array(steps * channels.length).map((_, i) => 0.3 * k + Math.sin(i * k));
    const [a, b] = [await native.classifier.classify(window), await web.classifier.classify(window)];
    for (let i = 0; i < a.length; i++) assert.ok(Math.abs(a[i] - b[i]) < 1e-5, `${a} and ${b}`);
  }
  await native.classifier.close();
  await web.classifier.close();
});
