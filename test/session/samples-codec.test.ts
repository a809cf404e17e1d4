import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeColumn, decodeSamples, encodeColumn, SampleBatch } from '../../agent/session/samples-codec.ts';
import type { SamplesMessage } from '../../agent/session/topics.ts';

const overJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('any column of finite numbers comes back to the last bit, and others come back as NaN', () => {
  const numbers = fc.oneof(
    fc.float64Array({ minLength: 1, maxLength: 40 }),
    fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 40 }).map((a) => Float64Array.from(a)),
  );
  fc.assert(
    fc.property(numbers, (column) => {
      const back = decodeColumn(overJson(encodeColumn(column)), column.length);
      const expected = column.map((v) => (Number.isFinite(v) ? v + 0 : Number.NaN));
      assert.deepEqual(back, expected);
    }),
  );
});

test('whole numbers are written as steps', () => {
  assert.deepEqual(encodeColumn(Float64Array.of(1_000_000, 1_001_000, 1_002_001)), {
    first: 1_000_000,
    steps: [1000, 1001],
  });
});

test('float32 values are written short and come back as the same float32', () => {
  const batch = new SampleBatch(['cur'], 8);
  const sent = [1.234, -0.1, 17.53, 3.4e38, 1e-40].map(Math.fround);
  sent.forEach((value, i) => {
    batch.add({ values: Float64Array.of(value), deviceTicks: Number.NaN, sequence: i }, i * 10);
  });
  const message = batch.take(5);
  assert.equal(message.float32, true);
  assert.equal(message.values.cur.values?.[0], 1.234);
  assert.equal(message.ticks, undefined);
  const back = decodeSamples(overJson(message), ['cur']);
  assert.deepEqual([...back.values[0]], sent);
  assert.deepEqual([...back.sequence], [0, 1, 2, 3, 4]);
  assert.ok(back.ticks.every(Number.isNaN));
  assert.equal(batch.count, 0);
});

test('a message that does not fit its count is refused', () => {
  assert.throws(() => decodeColumn({ first: 1, steps: [1] }, 3), RangeError);
  assert.throws(() => decodeColumn({ values: [1] }, 3), RangeError);
  assert.throws(() => decodeColumn({}, 1), RangeError);
  const message = {
    first: 0,
    count: 1,

    arrivalUs: { values: [0] },
    values: {},
    mean: {},
  };
  assert.throws(() => decodeSamples(message as SamplesMessage, ['cur']), /no channel cur/);
});
