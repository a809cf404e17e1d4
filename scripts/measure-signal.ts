/**
 * Figures of the signal path that docs/signal-path.md quotes, as Markdown tables:
 *   npx tsx scripts/measure-signal.ts
 * Resampler: swept sines and SciPy's resample_poly (test/fixtures/resample.json). Clock: a simulated device behind a
 * bursty link (test/signal/arrivals.ts), 600 s, the first 120 s left out.
 */
import { readFileSync } from 'node:fs';
import { ArrivalClock } from '../agent/signal/arrival-clock.ts';
import { ClockMap } from '../agent/signal/clock-map.ts';
import { arrivals, rmsMs } from '../test/signal/arrivals.ts';
import { attenuationDb, evenTimes, resample } from '../test/signal/resample.ts';
import { relativeError, type ScipyCase } from '../test/signal/scipy-case.ts';

function table(head: string[], rows: (string | number)[][]): void {
  console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log();
}

function sweep(inputHz: number, outputHz: number): (string | number)[] {
  let stopBand = Number.NEGATIVE_INFINITY;
  const fine = inputHz > 1000 ? 1.05 : 1.01;
  for (let f = 0.5; f <= Math.min(8, inputHz / outputHz / 2); f *= fine) {
    stopBand = Math.max(stopBand, attenuationDb(inputHz, outputHz, f * outputHz));
  }
  let ripple = 0;
  let minus3 = 0.3;
  for (let f = 0.01; f <= 0.32; f += inputHz > 1000 ? 0.03 : 0.005) {
    ripple = Math.max(ripple, Math.abs(attenuationDb(inputHz, outputHz, f * outputHz)));
  }
  while (attenuationDb(inputHz, outputHz, minus3 * outputHz) > -3) minus3 += 0.005;
  return [`${inputHz} Hz to ${outputHz} Hz`, stopBand.toFixed(1), ripple.toFixed(3), minus3.toFixed(3)];
}

console.log('Attenuation, swept; frequencies in output rates.\n');
table(
  ['', 'worst from 0.5 on, dB', 'ripple up to 0.32, dB', '-3 dB at'],
  [sweep(20, 6.5), sweep(100, 6.5), sweep(1000, 6.5), sweep(1000, 100), sweep(20_000, 6.5)],
);

const { cases } = JSON.parse(readFileSync('test/fixtures/resample.json', 'utf8')) as { cases: ScipyCase[] };
console.log('Difference from scipy.signal.resample_poly, rms over rms.\n');
table(
  ['', 'same filter, stop band in the input', 'its default filter, pass-band input'],
  cases.map((c) => [
    `${c.inputRateHz} Hz to ${c.outputRateHz} Hz`,
    relativeError(c, [...c.sines, ...c.noise], c.same).toExponential(1),
    relativeError(c, c.sines, c.standard).toExponential(1),
  ]),
);

/** Root mean square error of a sine at a tenth of the slower rate, sampled at jittered times, away from the edges. */
function jitterError(inputRateHz: number, outputRateHz: number, jitter: number): string {
  const frequencyHz = Math.min(inputRateHz, outputRateHz) / 10;
  const wave = (timeUs: number) => Math.SQRT2 * Math.sin((2 * Math.PI * frequencyHz * timeUs) / 1e6);
  const count = Math.ceil((60 * inputRateHz) / Math.min(inputRateHz, outputRateHz));
  // Any sequence that does not repeat serves as jitter.
  const times = evenTimes(inputRateHz, count).map(
    (t, i) => t + (jitter * 1e6 * Math.sin(i * i)) / inputRateHz,
  );
  const steps = resample({ inputRateHz, outputRateHz, times, values: times.map(wave) });
  const edge = Math.ceil((13 * outputRateHz) / Math.min(inputRateHz, outputRateHz));
  const inner = steps.slice(edge, -edge);
  const squares = inner.reduce((sum, step) => sum + (step.value - wave(step.timeUs)) ** 2, 0);
  return Math.sqrt(squares / inner.length).toExponential(1);
}

console.log('Jittered sampling: error of a sine at a tenth of the slower rate, rms over rms.\n');
table(
  ['', 'even', '10 % jitter', '30 % jitter'],
  [
    [1000, 6.5],
    [100, 6.5],
    [20, 6.5],
    [8, 6.5],
    [6.6, 6.5],
    [5, 50],
  ].map(([input, output]) => [
    `${input} Hz to ${output} Hz`,
    ...[0, 0.1, 0.3].map((jitter) => jitterError(input, output, jitter)),
  ]),
);

const rows: (string | number)[][] = [];
for (const rateHz of [6.5, 20, 100, 1000]) {
  const row: (string | number)[] = [`${rateHz} Hz`];
  for (const burstMs of [1, 16, 64, 200]) {
    let worst = 0;
    for (const skewPpm of [-200, 0, 200]) {
      const map = new ClockMap();
      const errors: number[] = [];
      for (const s of arrivals({ rateHz, skewPpm, burstMs, seconds: 600 })) {
        map.push({ timeUs: s.deviceUs, arrivalUs: s.arrivalUs });
        if (s.deviceUs > 120e6) errors.push(map.toHostUs(s.deviceUs) - s.trueUs);
      }
      worst = Math.max(worst, rmsMs(errors));
    }
    row.push(worst.toFixed(3));
  }
  rows.push(row);
}
console.log(
  'With device time: error of the clock map in ms rms, worst of -200, 0 and +200 ppm, by length of the bursts.\n',
);
table(['', '1 ms', '16 ms', '64 ms', '200 ms'], rows);

console.log(
  'Without device time: error of the de-jittered arrival in ms rms, rate configured 100 Hz, true 100.02 Hz.\n',
);
table(
  ['', '1 ms', '16 ms', '64 ms', '200 ms'],
  [
    [
      '100 Hz',
      ...[1, 16, 64, 200].map((burstMs) => {
        const clock = new ArrivalClock({ rateHz: 100 });
        const errors: number[] = [];
        for (const s of arrivals({ rateHz: 100, skewPpm: -200, burstMs, seconds: 600 })) {
          const timeUs = clock.push(s.arrivalUs);
          if (s.deviceUs > 120e6) errors.push(timeUs - s.trueUs);
        }
        return rmsMs(errors).toFixed(3);
      }),
    ],
  ],
);
