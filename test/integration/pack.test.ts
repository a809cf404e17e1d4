/** The package as others install it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../agent/package-root.ts';

// `npx -p node@22 -c 'npm test'` hands its own `package` and `call` down to every npx below it.
const { npm_config_package: _package, npm_config_call: _call, ...env } = process.env;
/** Thousands of small files are made and removed: in memory a slow or busy disk has no say. */
const temporary = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

test('the tarball of npm pack installs in an empty folder, where npx underfoot works', {
  timeout: 280_000,
}, async ({ signal }) => {
  const run = (command: string, args: readonly string[], cwd: string) =>
    promisify(execFile)(command, args, { cwd, env, signal });
  const folder = mkdtempSync(join(temporary, 'underfoot-pack-'));
  try {
    const packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], packageRoot);
    const tarball = packed.stdout.trim().split('\n').at(-1)!;
    // What `npm install` would write for a new folder; scripts of others than ONNX Runtime run as usual.
    writeFileSync(join(folder, 'package.json'), '{ "allowScripts": { "onnxruntime-node": false } }\n');
    writeFileSync(join(folder, '.npmrc'), 'onnxruntime-node-install=skip\n');
    await run(
      'npm',
      ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball)],
      folder,
    );
    const { stdout } = await run('npx', ['underfoot', 'models', 'verify', 'demo-six-surfaces'], folder);
    assert.match(stdout, /demo-six-surfaces/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
