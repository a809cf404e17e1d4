import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LiveFeed, newCursor } from '../../../agent/service/dashboard/feed.ts';
import { TraceRing } from '../../../agent/service/dashboard/trace.ts';
import type { PredictionView } from '../../../agent/service/dashboard/view.ts';

const prediction = (timeMs: number): PredictionView => ({
  timeMs,
  durationMs: 1000,
  label: 'A',
  confidence: 1,
  surface: 'A',
  probabilities: [1, 0],
  drift: false,
  afterGap: false,
});

test('a bucket has the minimum, maximum and mean of its readings', () => {
  const ring = new TraceRing(2, 40);
  for (const [t, a, b] of [
    [0, 1, -1],
    [10, 3, -3],
    [39, 2, -2],
    [40, 9, 9],
  ]) {
    ring.push(t, [a, b]);
  }
  assert.deepEqual(ring.rows(0), [[0, 1, 3, 2, -3, -1, -2]]);
});

test('the ring keeps the newest buckets only, and a client that fell behind gets just those', () => {
  const ring = new TraceRing(1, 40, 10);
  for (let i = 0; i <= 100; i++) ring.push(i * 40, [i]);
  const rows = ring.rows(0);
  assert.equal(rows.length, 9);
  assert.deepEqual(rows.at(-1), [99 * 40, 99, 99, 99]);
});

test('reading piece by piece gives what reading at once gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 80 }),
      fc.integer({ min: 1, max: 9 }),
      (gaps, every) => {
        const ring = new TraceRing(1, 40);
        const pieces: number[][] = [];
        let cursor = 0;
        let t = 0;
        gaps.forEach((gap, i) => {
          t += gap;
          ring.push(t, [i]);
          if (i % every === 0) {
            pieces.push(...ring.rows(cursor));
            cursor = ring.closed;
          }
        });
        pieces.push(...ring.rows(cursor));
        assert.deepEqual(pieces, ring.rows(0));
      },
    ),
  );
});

test('a reading from the past is left out', () => {
  const ring = new TraceRing(1);
  ring.push(1000, [1]);
  ring.push(10, [5]);
  ring.push(2000, [1]);
  assert.deepEqual(ring.rows(0), [[1000, 1, 1, 1]]);
});

test('a cursor gets each prediction once, and memory is bounded', () => {
  const feed = new LiveFeed(1);
  const cursor = newCursor();
  assert.equal(feed.read(cursor), undefined);
  feed.pushPrediction(prediction(1));
  assert.deepEqual(
    feed.read(cursor)?.predictions?.map((p) => p.timeMs),
    [1],
  );
  assert.equal(feed.read(cursor), undefined);
  for (let i = 0; i < 5000; i++) feed.pushPrediction(prediction(i));
  const rest = feed.read(cursor)?.predictions ?? [];
  assert.equal(rest.length, 900);
  assert.equal(rest.at(-1)?.timeMs, 4999);
});
