import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { relativeError, type ScipyCase } from './scipy-case.ts';

const { cases } = JSON.parse(readFileSync('test/fixtures/resample.json', 'utf8')) as { cases: ScipyCase[] };

test('agrees with resample_poly to 1e-3 given the same filter, stop band included', () => {
  for (const c of cases) {
    const error = relativeError(c, [...c.sines, ...c.noise], c.same);
    assert.ok(error < 1e-3, `${c.inputRateHz} Hz to ${c.outputRateHz} Hz: ${error}`);
  }
});

test('agrees with resample_poly and its default filter to 1e-3 in the pass-band', () => {
  for (const c of cases) {
    const error = relativeError(c, c.sines, c.standard);
    assert.ok(error < 1e-3, `${c.inputRateHz} Hz to ${c.outputRateHz} Hz: ${error}`);
  }
});
