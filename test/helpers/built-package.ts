import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../agent/package-root.ts';

export interface BuiltPackage {
  folder: string;
  remove(): void;
}

/** Thousands of small files are made and removed: in memory that takes a tenth of the time. */
if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';

/** The package as npm would install it, built in a folder of its own so that tests beside it do not meet. */
export function buildPackage(): BuiltPackage {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-package-'));
  execFileSync(process.execPath, ['scripts/build.mjs', join(folder, 'dist')], { cwd: packageRoot });
  for (const part of [
    'package.json',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'models',
    'calibration',
    'docs',
  ]) {
    const from = join(packageRoot, part);
    if (existsSync(from)) cpSync(from, join(folder, part), { recursive: true });
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
