import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AbsenceJudge, type DeviceFacts } from '../../agent/service/silence.ts';

const facts: DeviceFacts = { state: 'open', opened: 1, bytes: 100, silenceMs: 10_000 };

test('a closed or waiting port is absent, an open one with bytes is not', () => {
  const judge = new AbsenceJudge();
  assert.equal(judge.isAbsent({ ...facts, state: 'waiting' }, 0), true);
  assert.equal(judge.isAbsent({ ...facts, bytes: 200 }, 15_000), false);
});

test('an open but silent device is absent for as long as the source waits, and again after each reopening', () => {
  const judge = new AbsenceJudge();
  judge.isAbsent(facts, 0);
  assert.equal(judge.isAbsent(facts, 12_000), true);
  // The source should have closed it by now: something hangs.
  assert.equal(judge.isAbsent(facts, 27_000), false);
  assert.equal(judge.isAbsent({ ...facts, opened: 2 }, 42_000), true);
});

test('bytes that become no readings are not called absence', () => {
  const judge = new AbsenceJudge();
  judge.isAbsent(facts, 0);
  assert.equal(judge.isAbsent({ ...facts, bytes: 900 }, 15_000), false);
  assert.equal(judge.isAbsent({ ...facts, bytes: 1900 }, 30_000), false);
});
