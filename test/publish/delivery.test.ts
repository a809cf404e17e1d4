import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../agent/publish/connection.ts';
import { Delivery } from '../../agent/publish/delivery.ts';
import { MemoryOutbox } from '../../agent/publish/outbox.ts';

/** A broker that acknowledges when the test says so. */
function slowBroker(receiveMaximum: number) {
  const taken: { topic: string; payload: string }[] = [];
  const waiting: ((outcome: Outcome) => void)[] = [];
  let most = 0;
  const wire = {
    connected: true,
    version: 5 as const,
    unsentBytes: 0,
    receiveMaximum,
    publish(topic: string, payload: string, { qos }: { qos?: number }, done: (outcome: Outcome) => void) {
      taken.push({ topic, payload });
      if (qos === 1) waiting.push(done);
      else done('taken');
      most = Math.max(most, waiting.length);
    },
  };
  return { wire, taken, most: () => most, acknowledge: () => waiting.shift()?.('taken') };
}

const limits = { maxBytes: 1e6, maxAgeMs: 1e9 };
const message = (topic: string, payload: string, qos: 0 | 1 = 1) => {
  return { topic, payload, qos, retain: true, createdMs: 0 };
};

test('never more messages of QoS 1 are on the way than the broker takes, and all arrive in order of their topic', () => {
  const step = fc.record({
    topic: fc.constantFrom('a', 'b', 'c'),
    acknowledge: fc.nat(3),
    direct: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.array(step, { maxLength: 80 }),
      (receiveMaximum, steps) => {
        const { wire, taken, most, acknowledge } = slowBroker(receiveMaximum);
        const delivery = new Delivery(
          wire,
          (onDrop) => new MemoryOutbox(limits, onDrop),
          () => 0,
        );
        delivery.up();
        const events: Record<string, string[]> = { a: [], b: [], c: [] };
        for (const [n, { topic, acknowledge: count, direct }] of steps.entries()) {
          if (direct) delivery.direct(message('status', `${n}`));
          else {
            events[topic].push(`${n}`);
            delivery.event(message(topic, `${n}`));
          }
          delivery.telemetry(message('prediction', `${n}`, 0));
          for (let i = 0; i < count; i++) acknowledge();
        }
        for (let i = 0; i < 200; i++) acknowledge();
        assert.ok(most() <= Math.min(20, receiveMaximum), `${most()} of ${receiveMaximum}`);
        for (const [topic, expected] of Object.entries(events)) {
          assert.deepEqual(
            taken.filter((m) => m.topic === topic).map((m) => m.payload),
            expected,
          );
        }
        const status = taken.filter((m) => m.topic === 'status').at(-1)?.payload;
        const last = steps.findLastIndex((s) => s.direct);
        assert.equal(status, last < 0 ? undefined : `${last}`, 'the newest status arrives');
        assert.equal(delivery.outbox.messages, 0);
      },
    ),
  );
});

test('after a reconnect, retained state goes before the outbox and within what the broker takes', () => {
  const { wire, taken, most, acknowledge } = slowBroker(2);
  const delivery = new Delivery(
    wire,
    (onDrop) => new MemoryOutbox(limits, onDrop),
    () => 0,
  );
  delivery.up();
  for (const topic of ['a', 'b', 'c', 'd']) delivery.event(message(topic, '1'));
  for (let i = 0; i < 4; i++) acknowledge();
  wire.connected = false;
  delivery.down();
  delivery.event(message('d', '2'));
  taken.length = 0;
  wire.connected = true;
  delivery.up();
  for (let i = 0; i < 6; i++) acknowledge();
  assert.deepEqual(
    taken.map((m) => m.topic + m.payload),
    ['a1', 'b1', 'c1', 'd2'],
  );
  assert.equal(most(), 2);
});

test('every drop is counted, also of telemetry on its way when the connection broke, and the counters stay few', () => {
  const dones: ((outcome: Outcome) => void)[] = [];
  const wire = {
    connected: true,
    version: 5 as const,
    unsentBytes: 0,
    receiveMaximum: 65_535,
    publish: (_topic: string, _payload: string, _options: object, done: (outcome: Outcome) => void) => {
      dones.push(done);
    },
  };
  const delivery = new Delivery(
    wire,
    (onDrop) => new MemoryOutbox(limits, onDrop),
    () => 0,
  );
  delivery.up();
  delivery.telemetry(message('prediction', '1', 0));
  delivery.down();
  dones.shift()?.('lost');
  assert.deepEqual([...delivery.dropped], [['prediction', 1]]);
  delivery.up();
  dones.length = 0;
  // Answers go where a requester wants them, and the broker refuses each.
  for (let i = 0; i < 1000; i++) {
    delivery.event({ ...message(`reply/${i}`, '1'), retain: false });
    dones.pop()?.('refused');
  }
  assert.equal(delivery.dropped.size, 65);
  assert.equal(
    [...delivery.dropped.values()].reduce((sum, n) => sum + n, 0),
    1001,
  );
});

test('what a broker refuses is counted once, also state and what must wait for an earlier one to be forgotten', () => {
  const sent: { topic: string; done: (outcome: Outcome) => void }[] = [];
  const wire = {
    connected: true,
    version: 5 as const,
    unsentBytes: 0,
    receiveMaximum: 3,
    publish: (topic: string, _payload: string, _options: object, done: (outcome: Outcome) => void) =>
      void sent.push({ topic, done }),
  };
  let nowMs = 0;
  const delivery = new Delivery(
    wire,
    (onDrop) => new MemoryOutbox(limits, onDrop),
    () => nowMs,
  );
  const event = (topic: string, expiryS?: number) =>
    delivery.event({ ...message(topic, '1'), retain: false, expiryS });
  delivery.up();
  event('slow');
  event('refused');
  sent[1].done('refused');
  event('late', 60);
  for (const state of ['sent', 'replaced', 'waits']) delivery.direct(message('status', state));
  assert.deepEqual(Object.fromEntries(delivery.dropped), { refused: 1, status: 1 });
  nowMs = 100_000;
  delivery.down();
  sent.length = 0;
  delivery.up();
  assert.deepEqual(
    sent.map((m) => m.topic),
    ['slow'],
    'neither what was refused nor what is late is sent again',
  );
  delivery.down();
  delivery.up();
  assert.deepEqual(Object.fromEntries(delivery.dropped), { refused: 1, status: 1, late: 1 });
  delivery.direct(message('status', '3'));
  sent.at(-1)!.done('refused');
  assert.equal(delivery.dropped.get('status'), 2);
});
