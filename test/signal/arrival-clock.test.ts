import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalClock } from '../../agent/signal/arrival-clock.ts';
import { arrivals, rmsMs } from './arrivals.ts';

test('without device time, bursts are spread at the device rate, known or not', () => {
  for (const nominalHz of [100, 98, undefined]) {
    const clock = new ArrivalClock({ rateHz: nominalHz });
    const intervals: number[] = [];
    const errors: number[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (const s of arrivals({ rateHz: 100, skewPpm: 200, burstMs: 200, seconds: 120 })) {
      const timeUs = clock.push(s.arrivalUs);
      assert.ok(timeUs > last);
      if (s.deviceUs > 30e6) {
        intervals.push(timeUs - last);
        errors.push(timeUs - s.trueUs);
      }
      last = timeUs;
    }
    const worst = Math.max(...intervals.map((i) => Math.abs(i - 10_002)));
    assert.ok(worst < 520, `${nominalHz}: an interval is off by ${worst} us`);
    assert.ok(rmsMs(errors) < 10, `${nominalHz}: ${rmsMs(errors)} ms rms`);
    assert.equal(clock.restarts, nominalHz === undefined ? 1 : 0);
  }
});

test('a pause of the device starts the line anew at the arrival', () => {
  const clock = new ArrivalClock({ rateHz: 10 });
  for (let i = 0; i < 100; i += 1) clock.push(i * 1e5);
  assert.equal(clock.push(60e6), 60e6);
  assert.equal(clock.restarts, 1);
});

test('a backlog that comes first does not spoil the rate for good', () => {
  const clock = new ArrivalClock();
  // 3,000 samples that waited, over the first 150 ms; then 250 a second in bursts of five.
  for (let i = 0; i < 3000; i += 1) clock.push(Math.floor(i / 200) * 10_000);
  let last = 0;
  const intervals: number[] = [];
  for (let burst = 0; burst < 1500; burst += 1) {
    for (let i = 0; i < 5; i += 1) {
      const timeUs = clock.push(200_000 + burst * 20_000);
      if (burst > 1000) intervals.push(timeUs - last);
      last = timeUs;
    }
  }
  for (const interval of intervals) assert.ok(Math.abs(interval - 4000) < 400, `${interval} us`);
});
