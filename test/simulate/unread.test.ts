import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unread } from '../../agent/simulate/unread.ts';

test('what nobody reads is bounded, and a reader who comes is served again', () => {
  let readMs = 1;
  const unread = new Unread('', 0, () => readMs);
  const sent = (fromMs: number, toMs: number) => {
    let bytes = 0;
    for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) if (unread.takes(100, nowMs)) bytes += 100;
    return bytes;
  };
  assert.equal(sent(0, 12_000), 120_000);
  assert.equal(sent(12_000, 1e6), 0);
  readMs = 2;
  assert.equal(sent(1e6, 1e6 + 5000), 50_000);
});

test('a reader is never left without anything to find, however slow the device is', () => {
  const unread = new Unread('', 0, () => 1);
  let bytes = 0;
  for (let nowMs = 0; nowMs < 1e7; nowMs += 1000) if (unread.takes(100, nowMs)) bytes += 100;
  assert.equal(bytes, 16_400);
});

test('a device that was asked answers, whatever was not read before', () => {
  const unread = new Unread('', 0, () => 1);
  for (let nowMs = 0; nowMs < 1e5; nowMs += 10) unread.takes(100, nowMs);
  assert.equal(unread.takes(100, 1e5), false);
  unread.heard(1e5);
  assert.equal(unread.takes(100, 1e5), true);
});
