/**
 * What the unit lets the agent open and read, under a real systemd. A device node without a device behind it tells the two apart:
 * opening it gives ENXIO where the service may, EPERM where it may not.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';
import { bootSystemd, overlayRoot, type Systemd, systemdMissing } from '../helpers/systemd.ts';

const skip = systemdMissing();
let systemd: Systemd;
let folder: string;

/** Lines that change a unit as `systemctl edit` does. */
function edit(unit: string, ...lines: string[]): void {
  const drop = join(folder, `${unit}.d`);
  mkdirSync(drop, { recursive: true });
  writeFileSync(join(drop, 'test.conf'), `${lines.join('\n')}\n`);
}

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'underfoot-devices-'));
  copyFileSync(
    join(packageRoot, 'agent/service/install/underfoot.service'),
    join(folder, 'underfoot.service'),
  );
  // A shell in place of the agent, otherwise the unit as it is installed.
  const opens = ['ttyUSB0', 'ttyACM0', 'other'].map((name) => `(exec 3<>/run/nodes/${name}) 2>&1;`).join(' ');
  const own = ['Type=exec', 'Restart=no'];
  edit(
    'underfoot.service',
    '[Service]',
    ...own,
    'StandardOutput=truncate:/run/opened',
    'StandardError=inherit',
    `ExecStart=\nExecStart=/bin/sh -c '${opens} cat $CREDENTIALS_DIRECTORY/underfoot_mqtt; cat /etc/underfoot/credentials/mqtt; echo end'`,
  );
  // In place of the kernel, which may have no such drivers: what they do to /proc/devices when they are loaded.
  edit(
    'modprobe@.service',
    '[Unit]',
    'ConditionCapability=',
    '[Service]',
    "ExecStart=\nExecStart=/bin/sh -c 'echo loaded %i >>/run/loaded; cat /run/driver-%i >>/run/devices'",
  );
  systemd = await bootSystemd(folder);
  await overlayRoot(systemd);
  const sysusers = join(packageRoot, 'agent/service/install/sysusers.conf');
  await systemd.run(
    `systemd-sysusers ${sysusers}; install -d -m 700 /etc/underfoot/credentials; ` +
      'echo a-secret >/etc/underfoot/credentials/mqtt; chmod 600 /etc/underfoot/credentials/mqtt',
  );
  await systemd.run(
    'mkdir /run/nodes; mknod /run/nodes/ttyUSB0 c 188 0; mknod /run/nodes/ttyACM0 c 166 0; ' +
      'mknod /run/nodes/other c 202 0; chmod 666 /run/nodes/*; ' +
      "grep -vE 'ttyUSB|ttyACM' /proc/devices | sed '/^$/,$d' >/run/devices; mount --bind /run/devices /proc/devices; " +
      'echo 188 ttyUSB >/run/driver-usbserial; echo 166 ttyACM >/run/driver-cdc_acm',
  );
});
after(async () => {
  if (skip) return;
  await systemd.close();
  rmSync(folder, { recursive: true, force: true });
});

test('USB serial ports are allowed, also where the adapter is plugged in after the start; nothing else is', {
  skip,
}, async () => {
  const { code, output } = await systemd.run('systemctl start underfoot');
  assert.equal(code, 0, output);
  const opened = await systemd.until('cat /run/opened', /end/);
  const said = (name: string) => opened.split('\n').find((line) => line.includes(name));
  assert.match(String(said('ttyUSB0')), /No such device or address/);
  assert.match(String(said('ttyACM0')), /No such device or address/);
  assert.match(String(said('other')), /Operation not permitted/);
  const { output: loaded } = await systemd.run('sort /run/loaded');
  assert.equal(loaded, 'loaded cdc_acm\nloaded usbserial');
});

test('the service reads its credentials, and not the files that only root may', { skip }, async () => {
  const opened = await systemd.until('cat /run/opened', /end/);
  assert.match(opened, /^a-secret$/m);
  assert.equal(opened.match(/a-secret/g)?.length, 1);
  assert.match(opened, /credentials\/mqtt: Permission denied/);
});
