/**
 * Builds agent/train/kernel/kernel.wasm from kernel.c: `npx tsx scripts/build-kernel.ts [--check]`. Needs clang 14 and
 * lld 14 (Debian 12: apt install clang lld); with them the bytes are the committed ones, which --check confirms
 * without writing. The linker is called by itself, since clang would pass the result through wasm-opt where that is installed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../agent/train/kernel');
const temporary = mkdtempSync(join(tmpdir(), 'underfoot-kernel-'));
try {
  const object = join(temporary, 'kernel.o');
  const built = join(temporary, 'kernel.wasm');
  const compile =
    '--target=wasm32 -O3 -msimd128 -mbulk-memory -ffreestanding -ffp-contract=off -Wall -Wextra -Werror';
  execFileSync('clang', [...compile.split(' '), '-c', '-o', object, 'kernel.c'], {
    cwd: folder,
    stdio: 'inherit',
  });
  const link = '--no-entry --import-memory --strip-all -z stack-size=16384';
  execFileSync('wasm-ld', [...link.split(' '), '-o', built, object], { stdio: 'inherit' });
  const bytes = readFileSync(built);
  const file = join(folder, 'kernel.wasm');
  if (!process.argv.includes('--check')) {
    writeFileSync(file, bytes);
    console.log(`${file}: ${bytes.length} bytes`);
  } else if (!bytes.equals(readFileSync(file))) {
    console.error(`${file}: differs from what kernel.c gives here`);
    process.exitCode = 1;
  }
} finally {
  rmSync(temporary, { recursive: true });
}
