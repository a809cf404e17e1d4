import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generalisation, learning, rate } from '../../agent/train/diagnose/checks.ts';
import type { RunHeader, RunResult } from '../../agent/train/run/run-files.ts';

const header = { labels: ['A', 'B', 'C', 'D', 'E'], options: { batchNorm: true } } as unknown as RunHeader;

/** A run with these losses, well trained and badly generalising; the held-out loss is lowest in `lowestEpoch`. */
function result(losses: readonly number[], lowestEpoch = losses.length): RunResult {
  const history = losses.map((loss, i) => ({
    epoch: i + 1,
    loss,
    accuracy: 0.9,
    valLoss: 1 + Math.abs(i + 1 - lowestEpoch),
    valAccuracy: 0.5,
  }));
  return { history, bestEpoch: losses.length, heldOut: { accuracy: 0.5 } } as unknown as RunResult;
}

const straight = [1.59, 1.55, 1.49, 1.44, 1.42, 1.38];
const levelled = Array.from({ length: 60 }, (_, i) => 0.3 + 1.3 * Math.exp(-i / 6));

test('a short run whose loss still falls in a straight line has not levelled off', () => {
  assert.match(learning(header, result(straight)).what, /still falling/);
  assert.match(learning(header, result(levelled)).what, /levelled off/);
});

test('one lucky last epoch does not make a levelled loss a falling one', () => {
  const lucky = [...levelled.slice(0, -1), 0.2];
  assert.match(learning(header, result(lucky)).what, /levelled off/);
});

test('stopping early is advised first only where the held-out loss had its lowest point before the end', () => {
  assert.match(generalisation(header, result(straight)).next ?? '', /^Train for more epochs first/);
  assert.match(generalisation(header, result(straight, 3)).next ?? '', /^Stop early/);
});

test('roughness is not given for fewer epochs than its trend needs', () => {
  assert.match(rate(result(straight)).evidence, /roughness needs 25 epochs, there are 6/);
  assert.match(rate(result(levelled)).evidence, /roughness \d\.\d{3} \(/);
});
