import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceClock } from '../../agent/signal/clock.ts';
import { ClockMap } from '../../agent/signal/clock-map.ts';
import { arrivals, rmsMs } from './arrivals.ts';

test('device time is mapped to better than 1 ms rms under 200 ppm skew and bursts of 16 to 200 ms', () => {
  for (const skewPpm of [-200, 0, 137, 200]) {
    for (const burstMs of [1, 16, 64, 200]) {
      for (const rateHz of [100, 1000]) {
        const map = new ClockMap();
        const errors: number[] = [];
        for (const s of arrivals({ rateHz, skewPpm, burstMs, seconds: 300 })) {
          map.push({ timeUs: s.deviceUs, arrivalUs: s.arrivalUs });
          if (s.deviceUs > 30e6) errors.push(map.toHostUs(s.deviceUs) - s.trueUs);
        }
        const rms = rmsMs(errors);
        assert.ok(rms < 1, `${skewPpm} ppm, ${burstMs} ms bursts, ${rateHz} Hz: ${rms.toFixed(3)} ms rms`);
        assert.ok(Math.abs(map.skewPpm - skewPpm) < 40, `${map.skewPpm} ppm, expected ${skewPpm}`);
        assert.equal(map.jumps, 0);
      }
    }
  }
});

test('the map never jumps or goes back: between samples it runs at 5 % around real time', () => {
  const map = new ClockMap();
  let last = Number.NaN;
  let lastDevice = 0;
  for (const s of arrivals({ rateHz: 200, skewPpm: 200, burstMs: 200, seconds: 60, seed: 7 })) {
    map.push({ timeUs: s.deviceUs, arrivalUs: s.arrivalUs });
    const host = map.toHostUs(s.deviceUs);
    const rate = (host - last) / (s.deviceUs - lastDevice);
    if (!Number.isNaN(last)) assert.ok(rate > 0.94 && rate < 1.06, `rate ${rate} at ${s.deviceUs}`);
    last = host;
    lastDevice = s.deviceUs;
  }
});

test('at 6.5 samples a second as well, two minutes after the start', () => {
  for (const skewPpm of [-200, 200]) {
    for (const burstMs of [16, 64, 200]) {
      const map = new ClockMap();
      const errors: number[] = [];
      for (const s of arrivals({ rateHz: 6.5, skewPpm, burstMs, seconds: 1200 })) {
        map.push({ timeUs: s.deviceUs, arrivalUs: s.arrivalUs });
        if (s.deviceUs > 120e6) errors.push(map.toHostUs(s.deviceUs) - s.trueUs);
      }
      const rms = rmsMs(errors);
      assert.ok(rms < 1, `${skewPpm} ppm, ${burstMs} ms bursts: ${rms.toFixed(3)} ms rms`);
    }
  }
});

test('a line that breaks by more than a second is followed, and counted', () => {
  for (const breakUs of [-30e6, 30e6]) {
    const map = new ClockMap();
    let host = 0;
    for (const s of arrivals({ rateHz: 100, skewPpm: 0, burstMs: 16, seconds: 60 })) {
      const behind = s.deviceUs > 30e6;
      map.push({ timeUs: s.deviceUs, arrivalUs: s.arrivalUs + (behind ? breakUs : 0) });
      host = map.toHostUs(s.deviceUs) - s.trueUs - (behind ? breakUs : 0);
    }
    assert.ok(Math.abs(host) < 2000, `off by ${host} us`);
    assert.equal(map.jumps, 1);
  }
});

test('after a reset of the device the map starts anew', () => {
  const clock = new DeviceClock({ tickUs: 1, bits: 32 });
  const map = new ClockMap();
  let error = 0;
  for (const [epoch, offsetUs] of [
    [0, 0],
    [1, 61e6],
  ]) {
    for (const s of arrivals({ rateHz: 100, skewPpm: 100, burstMs: 16, seconds: 60 })) {
      const lineUs = clock.unwrap(s.deviceUs);
      if (clock.resets !== epoch) assert.fail('reset in the middle');
      if (s.deviceUs === 0) map.reset();
      map.push({ timeUs: lineUs, arrivalUs: s.arrivalUs + offsetUs });
      error = map.toHostUs(lineUs) - s.trueUs - offsetUs;
    }
    assert.ok(Math.abs(error) < 1000, `off by ${error} us`);
  }
  assert.equal(clock.resets, 1);
});
