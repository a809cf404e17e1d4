import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Adwin } from '../../agent/drift/detectors/adwin.ts';
import { Cusum } from '../../agent/drift/detectors/cusum.ts';
import type { Detector } from '../../agent/drift/detectors/detector.ts';
import { Ewma } from '../../agent/drift/detectors/ewma.ts';
import { Kswin } from '../../agent/drift/detectors/kswin.ts';
import { PageHinkley } from '../../agent/drift/detectors/page-hinkley.ts';

// Made by scripts/drift-detectors-fixture.py: river for Page-Hinkley, ADWIN and KSWIN, textbook loops for the others.
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/drift/detectors.json', import.meta.url), 'utf8'),
);

function agrees<D extends Detector>(
  cases: { options: object; steps: number[][] }[],
  make: (options: object) => D,
  state: (detector: D, step: number[]) => [found: number, expected: number][],
): void {
  let detections = 0;
  for (const { options, steps } of cases) {
    const detector = make(options);
    steps.forEach((expected, i) => {
      const detected = detector.update(fixture.values[i]);
      assert.equal(detected, expected.at(-1) === 1, `step ${i} of ${JSON.stringify(options)}`);
      if (detected) detections++;
      for (const [a, b] of state(detector, expected))
        assert.ok(Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b)), `step ${i}: ${a} is not ${b}`);
    });
  }
  assert.ok(detections > 0, 'the fixture holds no detection');
}

test('Page-Hinkley agrees with river at every step', () => {
  agrees(
    fixture.pageHinkley,
    (o) => new PageHinkley(o),
    (d, [up, down]) => [
      [d.increase, up],
      [d.decrease, down],
    ],
  );
});

test('ADWIN agrees with river at every step', () => {
  agrees(
    fixture.adwin,
    (o) => new Adwin(o),
    (d, [width, mean]) => [
      [d.width, width],
      [d.estimation, mean],
    ],
  );
});

test('KSWIN agrees with river at every step, to the p-value', () => {
  // River calls the p-value 0 before the window is full.
  agrees(
    fixture.kswin,
    (o) => new Kswin(o),
    (d, [p]) => (p === 0 ? [] : [[d.pValue, p]]),
  );
});

test('CUSUM agrees with the textbook loop at every step', () => {
  agrees(
    fixture.cusum,
    (o) => new Cusum(o),
    (d, [high, low]) => [
      [d.high, high],
      [d.low, low],
    ],
  );
});

test('the EWMA chart agrees with the textbook loop at every step', () => {
  agrees(
    fixture.ewma,
    (o) => new Ewma(o),
    (d, [average, statistic]) => [
      [d.average, average],
      [d.statistic, statistic],
    ],
  );
});

test('after a reset a detector gives the same again', () => {
  for (const detector of [new PageHinkley(), new Adwin(), new Kswin(), new Cusum(), new Ewma()]) {
    const run = () =>
      fixture.values.slice(0, 300).map((v: number) => [detector.update(v), detector.statistic]);
    const first = run();
    detector.reset();
    assert.deepEqual(run(), first);
  }
});

test('ADWIN keeps logarithmic memory: a million equal values make a window that still adds up', () => {
  const adwin = new Adwin({ clock: 1000 });
  for (let i = 0; i < 1_000_000; i++) adwin.update(0.5);
  assert.equal(adwin.width, 1_000_000);
  assert.equal(adwin.estimation, 0.5);
});
