import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDeb } from '../../scripts/package/deb.ts';
import { type BuiltPackage, buildPackage } from '../helpers/built-package.ts';
import { bootSystemd, overlayRoot, type Systemd, systemdMissing } from '../helpers/systemd.ts';

const skip =
  systemdMissing() || (spawnSync('dpkg-deb', ['--version']).status === 0 ? false : 'needs dpkg-deb');

let built: BuiltPackage;
let folder: string;
let systemd: Systemd;
const packages: Record<string, string> = {};
before(async () => {
  if (skip) return;
  built = buildPackage();
  folder = mkdtempSync(join(tmpdir(), 'underfoot-deb-test-'));
  mkdirSync(join(folder, 'units'));
  const common = { packageRoot: built.folder, outputFolder: folder, compression: 'none' } as const;
  packages.amd64 = makeDeb({ ...common, architecture: 'amd64' });
  packages.arm64 = makeDeb({ ...common, architecture: 'arm64' });
  systemd = await bootSystemd(join(folder, 'units'), 100);
  await overlayRoot(systemd);
});
after(async () => {
  if (skip) return;
  await systemd.close();
  built.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function good(line: string): Promise<string> {
  const { code, output } = await systemd.run(line);
  assert.equal(code, 0, `${line}\n${output}`);
  return output;
}

test('dpkg installs the package: user, folders, configuration and an enabled unit', { skip }, async () => {
  // Where Node is not a Debian package its dependency cannot be met.
  const force = spawnSync('dpkg', ['-s', 'nodejs']).status === 0 ? '' : '--force-depends';
  await good(`dpkg -i ${force} ${packages.amd64}`);
  assert.match(await good('id underfoot'), /\(dialout\)/);
  assert.equal(await good('systemctl is-enabled underfoot'), 'enabled');
  assert.match(await good('stat -c "%a %U %G" /etc/underfoot/underfoot.yaml'), /^640 root underfoot$/);
  assert.match(await good('stat -c "%a %U %G" /var/lib/underfoot'), /^750 underfoot underfoot$/);
  // Where the unit says that its documentation is.
  await good('test -s "$(systemctl show -P Documentation underfoot | sed s,^file:,,)"');
  assert.match(await good('underfoot --version'), /^\d+\.\d+\.\d+/);
});

test('installing over an installed one keeps a changed configuration', { skip }, async () => {
  await good('sed -i s/robot-1/robot-77/ /etc/underfoot/underfoot.yaml');
  await good(`dpkg -i --force-depends ${packages.amd64}`);
  assert.match(await good('cat /etc/underfoot/underfoot.yaml'), /robot-77/);
});

test('removing takes the program and leaves configuration and data; purging leaves the data', {
  skip,
}, async () => {
  await good('touch /var/lib/underfoot/session.mcap');
  await good('dpkg -r underfoot');
  assert.notEqual((await systemd.run('test -e /usr/lib/underfoot/underfoot')).code, 0);
  assert.notEqual((await systemd.run('systemctl cat underfoot')).code, 0);
  await good('test -e /etc/underfoot/underfoot.yaml -a -e /var/lib/underfoot/session.mcap');
  await good('dpkg -P underfoot');
  assert.notEqual((await systemd.run('test -e /etc/underfoot')).code, 0);
  await good('test -e /var/lib/underfoot/session.mcap');
});

test('the arm64 package has arm64 binaries, and those only', { skip }, async () => {
  const { output } = await systemd.run(
    `mkdir -p /run/arm64 && dpkg-deb -x ${packages.arm64} /run/arm64 && ` +
      `find /run/arm64 -name '*.node' -size +20k -exec sh -c 'echo "$(od -An -tx2 -j18 -N2 "$1") $1"' _ {} \\; ; ` +
      'find /run/arm64 -name \'libonnxruntime.so*\' -exec sh -c \'echo "$(od -An -tx2 -j18 -N2 "$1") $1"\' _ {} \\;',
  );
  const binaries = output.split('\n').filter((line) => !line.includes('.node.js'));
  assert.ok(
    binaries.some((line) => line.includes('onnxruntime_binding.node')),
    output,
  );
  assert.ok(
    binaries.some((line) => line.includes('libonnxruntime.so')),
    output,
  );
  assert.ok(
    binaries.some((line) => line.includes('bindings-cpp')),
    output,
  );
  // ELF machine 0xb7 is AArch64.
  for (const line of binaries) assert.match(line.trim(), /^00b7 /, line);
});
