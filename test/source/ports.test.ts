import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { explainOpenError } from '../../agent/source/port-error.ts';
import { listPorts } from '../../agent/source/ports.ts';

test('stable names come first and name the device that they stand for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-ports-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const devices = ['ttyACM0', 'ttyUSB0'].map((name) => join(folder, name));
  for (const device of devices) writeFileSync(device, '');
  const byId = mkdtempSync(join(folder, 'by-id-'));
  symlinkSync(devices[1], join(byId, 'usb-FTDI_A-if00'));
  symlinkSync(devices[0], join(byId, 'usb-Arduino_B-if00'));
  symlinkSync(join(folder, 'gone'), join(byId, 'usb-Zombie-if00'));
  const ports = await listPorts(byId);
  const stable = ports.filter((port) => port.stable);
  assert.deepEqual(
    stable.map((port) => [port.path, port.device]),
    [
      [join(byId, 'usb-Arduino_B-if00'), devices[0]],
      [join(byId, 'usb-FTDI_A-if00'), devices[1]],
    ],
  );
  assert.deepEqual(ports.slice(0, 2), stable);
});

test('a folder of stable names that is missing is no error', async () => {
  const ports = await listPorts('/does/not/exist');
  assert.ok(ports.every((port) => !port.stable));
});

test('permission denied names the group to join', async () => {
  const message = await explainOpenError(
    '/does/not/exist',
    new Error('Error: Permission denied, cannot open x'),
  );
  assert.match(
    message,
    /^\/does\/not\/exist: permission denied.*group dialout \(sudo usermod -aG dialout USER\)/,
  );
});

test('another error is passed on with the path', async () => {
  assert.equal(await explainOpenError('/dev/x', new Error('Error: Odd thing')), '/dev/x: Odd thing');
});
