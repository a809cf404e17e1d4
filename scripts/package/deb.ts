import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Arch, appFolder, copyApp, docFolder, guides } from '../../agent/service/install/app.ts';
import { source } from '../../agent/service/install/installer.ts';

export const debianNames: Readonly<Record<string, Arch>> = { amd64: 'x64', arm64: 'arm64' };

const here = dirname(fileURLToPath(import.meta.url));

export interface DebOptions {
  packageRoot: string;
  outputFolder: string;
  /** amd64 or arm64. */
  architecture: string;
  version?: string;
  /** `xz` (default) is small and slow, `none` large and fast. */
  compression?: 'xz' | 'none';
}

/** Makes `underfoot_VERSION_ARCH.deb` from a built package and returns its path. Needs dpkg-deb. */
export function makeDeb(options: DebOptions): string {
  const { packageRoot, architecture } = options;
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const version = options.version ?? manifest.version;
  const stage = mkdtempSync(join(tmpdir(), 'underfoot-deb-'));
  try {
    chmodSync(stage, 0o755);
    const { bytes } = copyApp(packageRoot, join(stage, appFolder), debianNames[architecture]);
    put(join(source, 'launcher.sh'), join(stage, appFolder, 'underfoot'), 0o755);
    put(join(source, 'underfoot.service'), join(stage, 'usr/lib/systemd/system/underfoot.service'));
    put(join(source, '60-underfoot.rules'), join(stage, 'usr/lib/udev/rules.d/60-underfoot.rules'));
    put(join(source, 'sysusers.conf'), join(stage, 'usr/lib/sysusers.d/underfoot.conf'));
    put(join(source, 'underfoot.yaml'), join(stage, 'usr/share/underfoot/underfoot.yaml'));
    for (const name of guides(packageRoot))
      put(join(packageRoot, 'docs', name), join(stage, docFolder, name));
    put(join(packageRoot, 'LICENSE'), join(stage, docFolder, 'copyright'));
    mkdirSync(join(stage, 'usr/bin'), { recursive: true });
    symlinkSync(`..${appFolder.slice('/usr'.length)}/underfoot`, join(stage, 'usr/bin/underfoot'));
    for (const script of ['postinst', 'prerm', 'postrm'])
      put(join(here, script), join(stage, 'DEBIAN', script), 0o755);
    writeFileSync(join(stage, 'DEBIAN/control'), control(manifest.description, version, architecture, bytes));
    mkdirSync(options.outputFolder, { recursive: true });
    const file = join(options.outputFolder, `underfoot_${version}_${architecture}.deb`);
    execFileSync(
      'dpkg-deb',
      ['--root-owner-group', `-Z${options.compression ?? 'xz'}`, '--build', stage, file],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, SOURCE_DATE_EPOCH: process.env.SOURCE_DATE_EPOCH ?? commitTime(packageRoot) },
      },
    );
    return file;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function control(description: string, version: string, architecture: string, bytes: number): string {
  return `Package: underfoot
Version: ${version}
Architecture: ${architecture}
Maintainer: The underfoot authors <underfoot@localhost>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: nodejs (>= 20.19), systemd (>= 246)
Recommends: mosquitto
Section: misc
Priority: optional
Description: ${description}
 Reads motor current from a serial port, classifies the surface that the robot
 drives on, and publishes it over MQTT; records labelled sessions, and says when
 its predictions can no longer be trusted.
`;
}

/** Time of the last commit, so that the same commit gives the same package. */
function commitTime(folder: string): string {
  try {
    return execFileSync('git', ['-C', folder, 'log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim();
  } catch {
    return String(Math.floor(Date.now() / 1000));
  }
}

function put(from: string, to: string, mode = 0o644): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}
