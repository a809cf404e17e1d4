import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recording } from '../../agent/session/recording.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { createReading } from '../../agent/signal/sample.ts';
import { SamplePath } from '../../agent/signal/sample-path.ts';
import { recordingsFolder, skipWithoutRecordings } from '../helpers/data.ts';

const steps = 100;
const stride = 25;

/** Windows of a whole recording, at a rate, through the live agent's sample path. */
function windowsOf(recording: Recording, timeBase: { tickUs: number }, ticksOf: (timeUs: number) => number) {
  const path = new SamplePath({
    channels: recording.channels.map((name, index) => ({
      index,
      calibration: { name, unit: 'A', offset: 0, gain: 1, validRange: [-100, 100] },
    })),
    timeBase,
    rateHz: 6.5,
    steps,
    stride,
  });
  const channels = recording.channels.length;
  const reading = createReading(channels);
  for (let row = 0; row < recording.rows; row += 1) {
    reading.deviceTicks = ticksOf(recording.timeUs[row]);
    reading.values.set(recording.values.subarray(row * channels, (row + 1) * channels));
    path.push(reading, Number.NaN);
  }
  path.finish();
  const windows = [];
  for (let window = path.next(); window; window = path.next()) windows.push(window);
  return windows;
}

test('real recordings at the model rate become windows of their own samples, bit for bit, no row lost', {
  skip: skipWithoutRecordings,
}, () => {
  let recordings = 0;
  for (const recording of recordingsIn(recordingsFolder)) {
    recordings += 1;
    const channels = recording.channels.length;
    // As the file says it, and as a device would send it: whole milliseconds.
    const asSent = windowsOf(recording, { tickUs: 1 }, (timeUs) => timeUs);
    const rounded = windowsOf(recording, { tickUs: 1000 }, (timeUs) => Math.round(timeUs / 1000));
    assert.equal(asSent.length, Math.max(0, Math.floor((recording.rows - steps) / stride) + 1), recording.id);
    assert.equal(rounded.length, asSent.length);
    for (const [w, window] of asSent.entries()) {
      const from = w * stride * channels;
      const expected = Float32Array.from(recording.values.subarray(from, from + steps * channels));
      assert.deepEqual(window.data, expected);
      assert.deepEqual(rounded[w].data, expected);
    }
  }
  assert.ok(recordings > 0);
});
