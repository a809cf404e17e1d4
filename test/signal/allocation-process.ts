/** Prints the bytes that one sample allocates in steady state; run with --expose-gc --max-semi-space-size=64. */
import { createReading } from '../../agent/signal/sample.ts';
import { SamplePath } from '../../agent/signal/sample-path.ts';

const samples = 200_000;
const withTime = process.argv[2] === 'device-time';
const path = new SamplePath({
  channels: ['curL', 'curR'].map((name, index) => ({
    index,
    calibration: { name, unit: 'A', offset: 512, gain: 0.074, validRange: [-30, 30] },
  })),
  timeBase: withTime ? { tickUs: 1, bits: 32 } : undefined,
  nominalRateHz: 10_000,
  rateHz: 100,
  steps: 100,
  stride: 50,
});
const reading = createReading(2);
// In a typed array, so that the loop itself allocates no number.
const clock = new Float64Array(1);

function run(): number {
  let windows = 0;
  for (let chunk = 0; chunk < samples / 40; chunk += 1) {
    const arrivalUs = clock[0] + 4_000;
    for (let i = 0; i < 40; i += 1) {
      clock[0] += 100;
      reading.deviceTicks = clock[0] % 2 ** 32;
      reading.values[0] = 512 + (i % 13);
      reading.values[1] = 500 - (i % 7);
      path.push(reading, arrivalUs);
      while (path.next()) windows += 1;
    }
  }
  return windows;
}

for (let warmUp = 0; warmUp < 4; warmUp += 1) run();
globalThis.gc!();
const before = process.memoryUsage().heapUsed;
const windows = run();
const bytes = process.memoryUsage().heapUsed - before;
console.log(JSON.stringify({ bytesPerSample: bytes / samples, windows }));
