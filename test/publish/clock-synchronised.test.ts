import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clockWatch } from '../../agent/publish/clock-synchronised.ts';

test('the clock is said to be synchronised when timesyncd says so, and not known without it', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'underfoot-clock-'));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'timesync');
  let nowMs = 0;
  const synchronised = clockWatch(folder, () => nowMs);
  assert.equal(synchronised(), null);
  mkdirSync(folder);
  assert.equal(synchronised(), null, 'not asked again so soon');
  nowMs += 10_000;
  assert.equal(synchronised(), false);
  writeFileSync(join(folder, 'synchronized'), '');
  nowMs += 10_000;
  assert.equal(synchronised(), true);
});
