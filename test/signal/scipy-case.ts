import assert from 'node:assert/strict';
import { evenTimes, resample } from './resample.ts';

/** [frequency in Hz, amplitude, phase] */
export type Sine = [number, number, number];

/** One case of test/fixtures/resample.json (scripts/fixtures/resample.py explains it). */
export interface ScipyCase {
  inputRateHz: number;
  outputRateHz: number;
  samples: number;
  mean: number;
  sines: Sine[];
  noise: Sine[];
  same: number[];
  standard: number[];
}

/** Root mean square of the difference over that of the reference, away from the edges (SciPy pads with zeros). */
export function relativeError(c: ScipyCase, sines: Sine[], reference: number[]): number {
  const times = evenTimes(c.inputRateHz, c.samples);
  const values = times.map((t) =>
    sines.reduce((sum, [f, a, p]) => sum + a * Math.sin((2 * Math.PI * f * t) / 1e6 + p), c.mean),
  );
  const steps = resample({ inputRateHz: c.inputRateHz, outputRateHz: c.outputRateHz, times, values });
  const edge = Math.ceil((13 * c.outputRateHz) / Math.min(c.inputRateHz, c.outputRateHz));
  let difference = 0;
  let power = 0;
  for (let i = edge; i < reference.length - edge; i += 1) {
    difference += (steps[i].value - reference[i]) ** 2;
    power += reference[i] ** 2;
  }
  assert.ok(power > 0, 'nothing to compare');
  return Math.sqrt(difference / power);
}
