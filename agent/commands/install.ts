import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import type { Arch } from '../service/install/app.ts';
import { install, uninstall } from '../service/install/installer.ts';

interface Arguments {
  root: string;
}

const root = {
  type: 'string',
  default: '/',
  requiresArg: true,
  describe: 'Root folder of the machine; another one is for staging an image',
} as const;

export const installCommand: CommandModule<object, Arguments> = {
  command: 'install',
  describe: 'Install underfoot as a systemd service (root); an older one is replaced, its configuration kept',
  builder: (y) => y.options({ root }),
  handler(argv) {
    needRoot(argv.root);
    install({ packageRoot, root: resolve(argv.root), arch: process.arch as Arch, say: console.log });
  },
};

export const uninstallCommand: CommandModule<object, Arguments> = {
  command: 'uninstall',
  describe: 'Remove the systemd service and the program (root); configuration and data are left',
  builder: (y) => y.options({ root }),
  handler(argv) {
    needRoot(argv.root);
    uninstall({ root: resolve(argv.root), say: console.log });
  },
};

function needRoot(path: string): void {
  if (process.platform !== 'linux')
    throw new UserError('underfoot is installed as a service on Linux only', 69);
  if (process.getuid?.() !== 0) throw new UserError(`installing below ${path} needs root: use sudo`, 77);
}
