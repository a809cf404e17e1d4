import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Exchange } from '../../agent/protocol/exchange.ts';
import { RequestPoller } from '../../agent/protocol/request-poller.ts';
import { StreamPoller } from '../../agent/protocol/stream-poller.ts';

const a = Uint8Array.of(1);
const b = Uint8Array.of(2);
const timing = { intervalUs: 20_000, timeoutUs: 5_000 };

test('requests follow one another as they are answered, and rounds keep to their grid', () => {
  const exchange = new Exchange();
  const poller = new RequestPoller([a, b], exchange, timing);
  assert.equal(poller.due(1000), a);
  assert.equal(poller.due(1500), undefined);
  exchange.answer();
  assert.equal(poller.due(2000), b);
  exchange.answer();
  assert.equal(poller.due(3000), undefined);
  assert.equal(poller.nextUs, 21_000);
  assert.equal(poller.due(21_400), a);
  exchange.answer();
  poller.due(22_000);
  exchange.answer();
  poller.due(23_000);
  assert.equal(poller.nextUs, 41_000);
});

test('a request without an answer times out, the line rests, and the round begins anew', () => {
  const exchange = new Exchange();
  const poller = new RequestPoller([a, b], exchange, timing);
  poller.due(0);
  exchange.answer();
  assert.equal(poller.due(100), b);
  assert.equal(poller.nextUs, 5_100);
  assert.equal(poller.due(5_099), undefined);
  assert.equal(poller.timeouts, 0);
  assert.equal(poller.due(5_100), undefined);
  assert.equal(poller.timeouts, 1);
  assert.equal(poller.due(10_099), undefined);
  assert.equal(poller.due(10_100), a);
});

test('whatever happens, one request at most is outstanding and nextUs is never in the past', () => {
  const step = fc.record({ waitUs: fc.integer({ min: 1, max: 30_000 }), answers: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const exchange = new Exchange();
      const poller = new RequestPoller([a, b], exchange, timing);
      let nowUs = 0;
      let open = false;
      let timeouts = 0;
      for (const { waitUs, answers } of steps) {
        nowUs += waitUs;
        const sent = poller.due(nowUs);
        if (poller.timeouts > timeouts) open = false;
        timeouts = poller.timeouts;
        if (sent) {
          assert.equal(open, false);
          open = true;
          assert.ok(poller.nextUs > nowUs);
        }
        if (open && answers) {
          exchange.answer();
          open = false;
        }
      }
    }),
  );
});

test('a stream is opened with pauses, left alone while it talks, and opened again after a silence', () => {
  const exchange = new Exchange();
  const poller = new StreamPoller([a, b], exchange, 50, 1000);
  assert.equal(poller.due(0), a);
  assert.equal(poller.due(49), undefined);
  assert.equal(poller.due(50), b);
  for (let nowUs = 500; nowUs <= 5000; nowUs += 500) {
    exchange.answer();
    assert.equal(poller.due(nowUs), undefined);
    assert.equal(poller.nextUs, nowUs + 1000);
  }
  assert.equal(poller.due(5999), undefined);
  assert.equal(poller.due(6000), a);
  assert.equal(poller.timeouts, 1);
  assert.equal(poller.due(6050), b);
});

test('after a reset both begin anew', () => {
  const exchange = new Exchange();
  const request = new RequestPoller([a, b], exchange, timing);
  request.due(0);
  exchange.answer();
  request.due(1);
  request.reset();
  assert.equal(request.due(2), a);
  const stream = new StreamPoller([a, b], exchange, 50, 1000);
  stream.due(0);
  stream.reset();
  assert.equal(stream.due(1), a);
});
