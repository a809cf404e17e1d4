import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingCost } from '../../scripts/measure-sessions.ts';
import { testFolder } from './helpers.ts';

/** The budget of an SD card that docs/sessions.md states, with some room. */
const anHour = { bytes: 13e6, writes: 5300, syncs: 5400 };

test('an hour of two channels at 1 kHz stays within the stated bytes, writes and syncs', async () => {
  const cost = await recordingCost({
    folder: testFolder('budget'),
    minutes: 3,
    rateHz: 1000,
    predictionsHz: 0,
  });
  assert.equal(cost.samples, 3.6e6);
  for (const [name, most] of Object.entries(anHour)) {
    const found = cost[name as keyof typeof anHour];
    assert.ok(found <= most, `${found} ${name} an hour, expected at most ${most}`);
    assert.ok(found > most / 3, `${found} ${name} an hour: the budget says nothing any more`);
  }
});
