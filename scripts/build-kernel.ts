/**
 * Builds kernel.wasm and kernel-relaxed.wasm in agent/train/kernel from kernel.c: `npx tsx scripts/build-kernel.ts
 * [--check]`. Needs clang 16 and lld 16 (Debian 12: apt install clang-16 lld-16); with them the bytes are the committed ones,
 * which --check confirms without writing. The linker is called by itself, since clang would pass the result through wasm-opt
 * where that is installed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMPILE =
  '--target=wasm32 -O3 -msimd128 -mbulk-memory -ffreestanding -ffp-contract=off -Wall -Wextra -Werror';
const LINK = '--no-entry --import-memory --strip-all -z stack-size=16384';
const folder = join(import.meta.dirname, '../agent/train/kernel');

build('kernel.wasm', []);
build('kernel-relaxed.wasm', ['-mrelaxed-simd', '-DRELAXED']);

function build(name: string, more: string[]): void {
  const temporary = mkdtempSync(join(tmpdir(), 'underfoot-kernel-'));
  try {
    const [object, built] = [join(temporary, 'kernel.o'), join(temporary, 'kernel.wasm')];
    const compile = [...COMPILE.split(' '), ...more, '-c', '-o', object, 'kernel.c'];
    execFileSync('clang-16', compile, { cwd: folder, stdio: 'inherit' });
    execFileSync('wasm-ld-16', [...LINK.split(' '), '-o', built, object], { stdio: 'inherit' });
    const bytes = readFileSync(built);
    const file = join(folder, name);
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
}
