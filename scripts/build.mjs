// Compiles agent/ to dist/ (or another folder: node scripts/build.mjs OUT) for the npm package, and copies what the
// compiler does not: assets beside the code.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const out = resolve(process.argv[2] ?? 'dist');
rmSync(out, { recursive: true, force: true });
const config = join('node_modules', `.underfoot-build-${process.pid}.json`);
writeFileSync(
  config,
  JSON.stringify({
    extends: '../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      outDir: out,
      rootDir: '..',
      declaration: false,
      typeRoots: ['@types'],
    },
    include: ['../agent'],
    exclude: [],
  }),
);
execFileSync(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', config], {
  stdio: 'inherit',
});
rmSync(config);
for (const name of readdirSync('agent', { recursive: true, withFileTypes: true })) {
  if (!name.isFile() || name.name.endsWith('.ts') || name.name.endsWith('.md')) continue;
  const from = join(name.parentPath, name.name);
  cpSync(from, join(out, from));
}
chmodSync(join(out, 'agent', 'cli.js'), 0o755);
