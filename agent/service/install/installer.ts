import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.ts';
import { type Arch, appFolder, copyApp, docFolder, guides } from './app.ts';

/** The files that an installation consists of; the .deb carries the same ones. */
export const source = dirname(fileURLToPath(import.meta.url));

export interface InstallOptions {
  /** Where the package is that installs itself. */
  packageRoot: string;
  /** Root of the machine: `/`, or a folder for staging. */
  root: string;
  arch: Arch;
  /** Runs a program of the system; throws when it fails. */
  run?: (command: string, args: string[]) => void;
  say?: (line: string) => void;
}

const paths = {
  unit: '/etc/systemd/system/underfoot.service',
  rules: '/etc/udev/rules.d/60-underfoot.rules',
  sysusers: '/etc/sysusers.d/underfoot.conf',
  command: '/usr/local/bin/underfoot',
  config: '/etc/underfoot/underfoot.yaml',
  credentials: '/etc/underfoot/credentials',
  state: '/var/lib/underfoot',
};

/** Puts underfoot on a machine, or a newer one over an older one: configuration and data stay as they are. */
export function install(options: InstallOptions): void {
  const { root, say = () => undefined } = options;
  const run = options.run ?? runOrThrow;
  const live = root === '/';
  refusePackaged(root);
  const upgrade = existsSync(at(root, paths.unit));
  const app = at(root, appFolder);
  // The new program is complete before the old one goes.
  const fresh = `${app}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const { files, bytes } = copyApp(options.packageRoot, fresh, options.arch);
  put(join(source, 'launcher.sh'), join(fresh, 'underfoot'), 0o755);
  copyNode(fresh);
  rmSync(app, { recursive: true, force: true });
  renameSync(fresh, app);
  say(`${app}: ${files} files, ${(bytes / 1e6).toFixed(0)} MB`);
  put(join(source, 'underfoot.service'), at(root, paths.unit), 0o644);
  put(join(source, '60-underfoot.rules'), at(root, paths.rules), 0o644);
  put(join(source, 'sysusers.conf'), at(root, paths.sysusers), 0o644);
  for (const name of guides(options.packageRoot))
    put(join(options.packageRoot, 'docs', name), at(root, join(docFolder, name)), 0o644);
  link(join(appFolder, 'underfoot'), at(root, paths.command));
  run('systemd-sysusers', [...(live ? [] : [`--root=${root}`]), 'underfoot.conf']);
  makeFolders(root, say);
  if (!live) return;
  run('systemctl', ['daemon-reload']);
  reloadRules(run, say);
  run('systemctl', ['enable', 'underfoot.service']);
  if (upgrade) run('systemctl', ['try-restart', 'underfoot.service']);
  else say('Next: underfoot init, then: systemctl start underfoot');
}

/** Takes the program, unit, rule and command away; configuration, data and user stay. */
export function uninstall(options: Pick<InstallOptions, 'root' | 'run' | 'say'>): void {
  const { root, say = () => undefined } = options;
  const run = options.run ?? runOrThrow;
  const live = root === '/';
  refusePackaged(root);
  if (!existsSync(at(root, paths.unit))) {
    throw new UserError(`${at(root, paths.unit)}: found no such file, expected an installation`, 66);
  }
  if (live) run('systemctl', ['disable', '--now', 'underfoot.service']);
  for (const path of [paths.unit, paths.rules, paths.sysusers, paths.command, appFolder, docFolder]) {
    rmSync(at(root, path), { recursive: true, force: true });
  }
  if (live) {
    run('systemctl', ['daemon-reload']);
    reloadRules(run, say);
  }
  say(
    `left as they are: ${at(root, dirname(paths.config))} (configuration), ${at(root, paths.state)} (data)`,
  );
}

/** A container may have systemd and no udev; the rule is then for the next boot. */
function reloadRules(run: NonNullable<InstallOptions['run']>, say: (line: string) => void): void {
  try {
    run('udevadm', ['control', '--reload']);
  } catch (error) {
    say(`${(error as Error).message}; ${paths.rules} takes effect at the next boot`);
  }
}

function makeFolders(root: string, say: (line: string) => void): void {
  const group = idOf(at(root, '/etc/group'));
  const user = idOf(at(root, '/etc/passwd'));
  folder(at(root, dirname(paths.config)), 0o750, 0, group);
  folder(at(root, paths.credentials), 0o700, 0, 0);
  folder(at(root, paths.state), 0o750, user, group);
  const config = at(root, paths.config);
  if (existsSync(config)) {
    say(`${config}: kept`);
    return;
  }
  put(join(source, 'underfoot.yaml'), config, 0o640);
  chownSync(config, 0, group);
}

/** Files of a .deb belong to dpkg. */
function refusePackaged(root: string): void {
  if (existsSync(at(root, '/var/lib/dpkg/info/underfoot.list'))) {
    throw new UserError('underfoot was installed as a Debian package: use dpkg or apt', 64);
  }
}

/** A Node below a home folder (nvm) is not seen by the service, so it comes along. */
function copyNode(app: string): void {
  if (!/^\/(home|root|tmp)\//.test(process.execPath)) return;
  put(process.execPath, join(app, 'bin/node'), 0o755);
}

function idOf(file: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('underfoot:'));
  if (!line) throw new UserError(`${file}: found no underfoot, expected it from systemd-sysusers`, 70);
  return Number(line.split(':')[2]);
}

function folder(path: string, mode: number, user: number, group: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  chownSync(path, user, group);
}

function put(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function at(root: string, path: string): string {
  return join(root, path);
}

function runOrThrow(command: string, args: string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new UserError(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`, 70);
}
