import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';

const unit = join(packageRoot, 'agent/service/install/underfoot.service');
const version = Number(
  /systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version']).stdout?.toString())?.[1],
);
const skip = version >= 250 ? false : 'needs systemd-analyze 250 or newer';

test('the unit is exposed by at most 1.6', { skip }, () => {
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', unit]);
  const exposure = Number(/Overall exposure level for underfoot.service: ([\d.]+)/.exec(String(stdout))?.[1]);
  assert.ok(exposure <= 1.6, `exposure is ${exposure}\n${stdout}`);
});

test('systemd understands every line of the unit', { skip }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'underfoot-unit-'));
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit]);
  rmSync(dir, { recursive: true });
  const complaints = String(stderr)
    .split('\n')
    .filter((line) => line.includes('underfoot.service') && !/is not executable|Command .* not/.test(line));
  assert.deepEqual(complaints, []);
});
