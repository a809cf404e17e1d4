import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { UserError } from '../../errors.ts';

/** Processor of a robot, as Node names it. */
export type Arch = 'x64' | 'arm64' | 'arm';

/** Where the program itself goes, below the root of the machine. */
export const appFolder = '/usr/lib/underfoot';

/** Where the guides go that the unit and messages name. */
export const docFolder = '/usr/share/doc/underfoot';

/** Names of the guides of a package. */
export function guides(packageRoot: string): string[] {
  return readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'));
}

const ownParts = ['package.json', 'LICENSE', 'CHANGELOG.md', 'README.md', 'dist', 'models', 'calibration'];

/**
 * Copies the program and the libraries that it needs at run time to `target` (`/usr/lib/underfoot` of some root), for
 * one processor: `target/node_modules/underfoot` and, beside or inside it as npm laid them out, its dependencies.
 * Returns the number of files and bytes.
 */
export function copyApp(packageRoot: string, target: string, arch: Arch): { files: number; bytes: number } {
  if (!existsSync(join(packageRoot, 'dist/agent/cli.js'))) {
    throw new UserError(
      `${packageRoot}: found no dist/agent/cli.js, expected a built package (npm run build)`,
      66,
    );
  }
  const total = { files: 0, bytes: 0 };
  const inModules = basename(dirname(packageRoot)) === 'node_modules';
  const self = join(target, 'node_modules/underfoot');
  for (const part of ownParts) copyTree(join(packageRoot, part), join(self, part), () => true, total);
  const top = dirname(dirname(packageRoot));
  for (const folder of runtimePackages(packageRoot)) {
    const place = folder.startsWith(packageRoot + sep)
      ? join(self, relative(packageRoot, folder))
      : inModules
        ? join(target, relative(top, folder))
        : undefined;
    if (!place) throw new UserError(`${folder}: found outside of ${packageRoot}, expected below it`, 70);
    copyTree(
      folder,
      place,
      (file) => isNeeded(relative(packageRoot, folder), relative(folder, file), arch),
      total,
    );
  }
  // Where ONNX Runtime has no native library (32-bit ARM) its WebAssembly form comes along, if it is installed.
  const web = arch === 'arm' ? findPackage(packageRoot, 'onnxruntime-web') : undefined;
  if (web) copyTree(web, join(target, 'node_modules/onnxruntime-web'), (file) => webParts.test(file), total);
  return total;
}

/** The seventh of onnxruntime-web that is used. */
const webParts =
  /onnxruntime-web\/(package\.json|dist\/ort\.wasm\.bundle\.min\.mjs|dist\/ort-wasm-simd-threaded\.wasm)$/;

/** Folders of all packages that `packageRoot` needs at run time, found as Node finds them. */
export function runtimePackages(packageRoot: string): string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      const at = findPackage(folder, name);
      if (!at) throw new UserError(`${folder}: its dependency ${name} is not installed`, 69);
      if (found.has(at)) continue;
      found.add(at);
      visit(at);
    }
  };
  visit(packageRoot);
  return [...found].sort();
}

function findPackage(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const at = join(folder, 'node_modules', name);
    if (existsSync(join(at, 'package.json'))) return at;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Leaves out what no run on this processor reads: other platforms' binaries, source maps, type declarations, tests. */
function isNeeded(packagePath: string, file: string, arch: Arch): boolean {
  if (/\.(map|d\.ts|d\.mts|d\.cts|test\.js)$|_test\.js$/.test(file)) return false;
  if (packagePath.includes('node_modules/@types/')) return false;
  const native = /^bin\/napi-v\d+\/([^/]+)\/([^/]+)\//.exec(file);
  if (native) return native[1] === 'linux' && native[2] === arch;
  const prebuilt = /^prebuilds\/([^/]+)\//.exec(file);
  if (prebuilt) return prebuilt[1] === `linux-${arch}`;
  return true;
}

function copyTree(
  from: string,
  to: string,
  wanted: (file: string) => boolean,
  total: { files: number; bytes: number },
): void {
  if (!existsSync(from)) return;
  const entry = lstatSync(from);
  if (entry.isDirectory()) {
    for (const name of readdirSync(from)) {
      // Nested packages are copied on their own account.
      if (name === 'node_modules') continue;
      copyTree(join(from, name), join(to, name), wanted, total);
    }
  } else if (entry.isFile() && wanted(from)) {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    total.files++;
    total.bytes += entry.size;
  }
}
