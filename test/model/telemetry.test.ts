/** ONNX Runtime's official builds report to their maker by default; ours must not, wherever it is used. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-telemetry-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Names of the files that a process leaves in its home and temporary folder when it runs `program`. */
function leftBy(name: string, program: string): string[] {
  const [HOME, TMPDIR] = ['home', 'tmp'].map((part) => join(folder, name, part));
  for (const part of [HOME, TMPDIR]) mkdirSync(part, { recursive: true });
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  // Nothing of ours: a CI variable alone would keep the library quiet.
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: packageRoot,
    env: { PATH: process.env.PATH, HOME, TMPDIR },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const names = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' });
  return names.filter((path) => !path.includes('tsx-') && path.includes('/'));
}

test('running a model leaves no file, device id or log behind; the library alone does', () => {
  const model = JSON.stringify(join(packageRoot, 'models/demo-six-surfaces'));
  const bare = `const ort = (await import('onnxruntime-node')).default;
    await (await ort.InferenceSession.create(${model} + '/model.onnx')).release();`;
  assert.notDeepEqual(leftBy('bare', bare), []);
  const ours = `const { loadModel } = await import('./agent/model/load.ts');
    await (await loadModel(${model}, 'onnx')).classifier.close();`;
  assert.deepEqual(leftBy('ours', ours), []);
});

test('nothing reaches the library but through the module that keeps it quiet', () => {
  for (const root of ['agent', 'scripts']) {
    for (const name of readdirSync(join(packageRoot, root), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('onnx-native.ts')) continue;
      const text = readFileSync(join(packageRoot, root, name), 'utf8');
      assert.doesNotMatch(text, /(from|import\()\s*'onnxruntime-node'/, join(root, name));
    }
  }
});
