import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import {
  findStall,
  type Progress,
  type Stall,
  startWatchdog,
  watchdogPeriodMs,
} from '../../agent/service/watchdog.ts';

const still: Progress = { readings: 100, windowsStarted: 4, windowsFinished: 4, deviceAbsent: false };

test('the period is that of systemd, and only for the process that it watches', () => {
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: '60000000' }, 7), 60_000);
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' }, 7), 60_000);
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' }, 7), undefined);
  assert.equal(watchdogPeriodMs({}, 7), undefined);
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: 'soon' }, 7), undefined);
});

test('flowing readings, and an absent device, are no stall', () => {
  assert.equal(findStall(still, { ...still, readings: 101 }), undefined);
  assert.equal(findStall(still, { ...still, deviceAbsent: true }), undefined);
});

test('a device that is there without readings is a stall', () => {
  assert.equal(findStall(still, still), 'no readings');
});

test('a model that does not answer is a stall even while readings flow or the device is away', () => {
  const waiting = { ...still, windowsStarted: 5 };
  assert.equal(findStall(waiting, { ...waiting, readings: 200, windowsStarted: 6 }), 'model does not answer');
  assert.equal(findStall(waiting, { ...waiting, deviceAbsent: true }), 'model does not answer');
  assert.equal(findStall(waiting, { ...waiting, readings: 200, windowsFinished: 5 }), undefined);
  // A window that was only just handed over is not late.
  assert.equal(findStall(still, { ...still, readings: 200, windowsStarted: 5 }), undefined);
});

test('the watchdog is fed at the start and while data flows, starves in a stall, and recovers', (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const progress = { ...still };
  const stalls: (Stall | undefined)[] = [];
  let fed = 0;
  const watchdog = startWatchdog({
    periodMs: 60_000,
    progress: () => progress,
    feed: () => fed++,
    onStall: (stall) => stalls.push(stall),
  });
  assert.equal(fed, 1);
  progress.readings++;
  mock.timers.tick(15_000);
  assert.equal(fed, 2);
  mock.timers.tick(45_000);
  assert.equal(fed, 2, 'no reading came');
  assert.deepEqual(stalls, ['no readings'], 'said once');
  progress.readings++;
  mock.timers.tick(15_000);
  assert.equal(fed, 3);
  assert.deepEqual(stalls, ['no readings', undefined]);
  watchdog.stop();
  progress.readings++;
  mock.timers.tick(60_000);
  assert.equal(fed, 3);
});
