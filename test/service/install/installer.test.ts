import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../../agent/config/load.ts';
import { UserError } from '../../../agent/errors.ts';
import { runtimePackages } from '../../../agent/service/install/app.ts';
import { install, source, uninstall } from '../../../agent/service/install/installer.ts';
import { type BuiltPackage, buildPackage } from '../../helpers/built-package.ts';

const hasSysusers = spawnSync('systemd-sysusers', ['--version']).status === 0;
const skip = process.getuid?.() !== 0 ? 'needs root' : hasSysusers ? false : 'needs systemd-sysusers';

let built: BuiltPackage;
let root: string;
before(() => {
  if (skip) return;
  built = buildPackage();
  root = mkdtempSync(join(tmpdir(), 'underfoot-root-'));
  mkdirSync(join(root, 'etc'));
});
after(() => {
  if (skip) return;
  built.remove();
  rmSync(root, { recursive: true, force: true });
});

const cli = 'usr/lib/underfoot/node_modules/underfoot/dist/agent/cli.js';

test('an installation into a root has program, unit, rule, user, configuration and folders', { skip }, () => {
  install({ packageRoot: built.folder, root, arch: 'x64' });
  assert.equal(readlinkSync(join(root, 'usr/local/bin/underfoot')), '/usr/lib/underfoot/underfoot');
  assert.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), /^underfoot:.*nologin$/m);
  assert.match(readFileSync(join(root, 'etc/group'), 'utf8'), /^dialout:.*underfoot/m);
  for (const file of ['systemd/system/underfoot.service', 'udev/rules.d/60-underfoot.rules']) {
    assert.ok(existsSync(join(root, 'etc', file)), file);
  }
  const gid = Number(/^underfoot:x:(\d+)/m.exec(readFileSync(join(root, 'etc/group'), 'utf8'))?.[1]);
  const config = statSync(join(root, 'etc/underfoot/underfoot.yaml'));
  assert.equal(config.mode & 0o777, 0o640);
  assert.equal(config.gid, gid);
  assert.equal(statSync(join(root, 'etc/underfoot/credentials')).mode & 0o777, 0o700);
  const version = spawnSync(process.execPath, [join(root, cli), '--version'], { encoding: 'utf8' });
  assert.match(version.stdout, /^\d+\.\d+\.\d+/, version.stderr);
});

test('the program is installed without other platforms, source maps or development tools', { skip }, () => {
  const files = readdirSync(join(root, 'usr/lib/underfoot'), { recursive: true, encoding: 'utf8' });
  assert.ok(files.length > 500);
  assert.deepEqual(
    files.filter((f) =>
      /\.map$|\.d\.ts$|\.(dll|dylib)$|linux-arm|linux\/arm64|node_modules\/(biome|typescript|tsx)\//.test(f),
    ),
    [],
  );
});

test('an upgrade keeps the configuration and the data', { skip }, () => {
  const config = join(root, 'etc/underfoot/underfoot.yaml');
  const session = join(root, 'var/lib/underfoot/session.mcap');
  writeFileSync(config, 'robotId: mine\n');
  writeFileSync(session, 'data');
  install({ packageRoot: built.folder, root, arch: 'x64' });
  assert.equal(readFileSync(config, 'utf8'), 'robotId: mine\n');
  assert.equal(readFileSync(session, 'utf8'), 'data');
  assert.ok(!existsSync(join(root, 'usr/lib/underfoot.new')));
});

test('an upgrade from a package that was not built leaves the old program as it is', { skip }, () => {
  const empty = mkdtempSync(join(tmpdir(), 'underfoot-empty-'));
  assert.throws(() => install({ packageRoot: empty, root, arch: 'x64' }), /expected a built package/);
  assert.ok(existsSync(join(root, cli)));
  rmSync(empty, { recursive: true });
});

test('uninstalling takes the program and leaves configuration and data', { skip }, () => {
  uninstall({ root });
  for (const gone of [
    'usr/lib/underfoot',
    'usr/local/bin/underfoot',
    'etc/systemd/system/underfoot.service',
  ]) {
    assert.ok(!existsSync(join(root, gone)), gone);
  }
  assert.equal(readFileSync(join(root, 'etc/underfoot/underfoot.yaml'), 'utf8'), 'robotId: mine\n');
  assert.equal(readFileSync(join(root, 'var/lib/underfoot/session.mcap'), 'utf8'), 'data');
  assert.throws(() => uninstall({ root }), UserError);
});

test('every run-time dependency is found, and no development dependency', () => {
  const names = runtimePackages(process.cwd()).map((folder) => folder.split('node_modules/').at(-1));
  for (const name of ['serialport', 'mqtt', 'onnxruntime-node', '@serialport/bindings-cpp', 'zod', 'uplot']) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ['typescript', '@biomejs/biome', 'playwright-core'])
    assert.ok(!names.includes(name), name);
});

test('the example configuration is one that the program accepts', () => {
  const config = loadConfig(join(source, 'underfoot.yaml'));
  assert.equal(config.source.kind, 'serial');
});

test('udev understands the rule', {
  skip: spawnSync('udevadm', ['verify', '--version']).status !== 0 && 'needs udevadm verify (systemd 254)',
}, () => {
  const { status, stdout, stderr } = spawnSync('udevadm', ['verify', join(source, '60-underfoot.rules')]);
  assert.equal(status, 0, `${stdout}${stderr}`);
});
