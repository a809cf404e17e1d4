import { spawnSync } from 'node:child_process';

/** Python with the packages that a test compares with: `UNDERFOOT_PYTHON`, or the system's `python3`. */
export const python: string = process.env.UNDERFOOT_PYTHON ?? 'python3';

/** False where all modules can be imported, else the reason to skip a test: for node:test's `skip` option. */
export function skipWithoutPython(...modules: string[]): string | false {
  const { status } = spawnSync(python, ['-c', modules.map((name) => `import ${name}`).join('\n')]);
  return status === 0
    ? false
    : `${python} has no ${modules.join(', ')} (set UNDERFOOT_PYTHON; see CONTRIBUTING.md)`;
}
