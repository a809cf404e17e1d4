import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../agent/errors.ts';
import { type Answer, answerSchema, commands } from '../../agent/publish/command-payloads.ts';
import {
  CommandDispatcher,
  type CommandHandlers,
  type CommandOptions,
} from '../../agent/publish/commands.ts';
import { Publisher } from '../../agent/publish/publisher.ts';
import { createTopics } from '../../agent/publish/topics.ts';
import { noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';

const topics = createTopics('underfoot', 'r1');
type Sent = { topic: string; answer: Answer; correlation?: string };

function dispatcher(handlers: CommandHandlers = {}, options: Partial<CommandOptions> = {}) {
  const sent: Sent[] = [];
  const port = {
    topics,
    subscribe: () => {},
    publishMessage: (m: { topic: string; payload: string; correlation?: string }) => {
      sent.push({
        topic: m.topic,
        answer: answerSchema.parse(JSON.parse(m.payload)),
        correlation: m.correlation,
      });
    },
  };
  const it = new CommandDispatcher(port, handlers, { robotId: 'r1', nowMs: () => 0, ...options });
  const ask = async (name: string, payload: unknown, more: object = {}) => {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
    await it.handle({ topic: `underfoot/r1/command/${name}`, payload: bytes, retain: false, ...more });
    return sent.at(-1) as Sent;
  };
  return { it, sent, ask };
}

test('a good request is done and answered on the result topic with its correlation id', async () => {
  const { ask } = dispatcher({ ping: () => ({ version: '1', uptimeS: 2 }) });
  const { topic, answer } = await ask('ping', { correlationId: 'a-1' });
  assert.equal(topic, 'underfoot/r1/command/ping/result');
  assert.deepEqual(answer.result, { version: '1', uptimeS: 2 });
  assert.deepEqual([answer.ok, answer.correlationId, answer.robotId], [true, 'a-1', 'r1']);
});

test('bad requests get an answer that says what is wrong', async () => {
  const { ask } = dispatcher({ record: () => assert.fail('must not be done') });
  const code = async (name: string, payload: unknown, more?: object) =>
    (await ask(name, payload, more)).answer.error?.code;
  assert.equal(await code('record', Buffer.from('{"action":')), 'bad-json');
  assert.equal(await code('record', Buffer.alloc(20_000, 0x20)), 'too-large');
  assert.equal(await code('record', { action: 'begin' }), 'bad-request');
  assert.equal(await code('record', { action: 'start', lable: 'grass' }), 'bad-request');
  assert.equal(await code('record', { action: 'start', label: '../etc' }), 'bad-request');
  const message = async (payload: object) => (await ask('record', payload)).answer.error?.message;
  assert.match(
    (await message({ action: 'start', lable: 'grass' })) ?? '',
    /^lable: found unknown key "lable", expected label$/,
  );
  assert.match(
    (await message({ action: 'start', label: '../etc' })) ?? '',
    /^label: found "..\/etc", expected text that matches/,
  );
  assert.equal(await code('record', { action: 'start' }, { retain: true }), 'retained');
  assert.equal(await code('model', { action: 'activate' }), 'bad-request');
  assert.equal(await code('selfdestruct', {}), 'unknown-command');
  assert.equal(await code('constructor', {}), 'unknown-command');
  assert.equal(await code('ping', {}), 'unavailable');
  const { answer } = await ask('record', { action: 'begin' });
  assert.match(answer.error?.message ?? '', /action/);
});

test('whatever bytes arrive, an answer is all that comes of it', async () => {
  const { it, sent } = dispatcher({}, { perMinute: 1e9 });
  const names = fc.oneof(fc.constantFrom(...Object.keys(commands)), fc.string());
  const payloads = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(json)),
    fc.constant(Buffer.from('['.repeat(16_000))),
    fc.constant(Buffer.from('{"__proto__":{"action":"start"},"constructor":{}}')),
  );
  await fc.assert(
    fc.asyncProperty(names, payloads, async (name, payload) => {
      const before = sent.length;
      await it.handle({ topic: `underfoot/r1/command/${name}`, payload, retain: false });
      assert.ok(sent.length - before <= 1);
    }),
  );
});

test('what a handler refuses is told; what breaks in it is not', async () => {
  const logged: string[] = [];
  const log = { debug: () => {}, info: () => {}, warn: (line: string) => logged.push(line) };
  const { ask } = dispatcher(
    {
      label: () => {
        throw new UserError('nothing is being recorded', 69);
      },
      ping: () => {
        throw new Error('secret of the inside');
      },
    },
    { log },
  );
  assert.deepEqual((await ask('label', { label: null })).answer.error, {
    code: 'refused',
    message: 'nothing is being recorded',
  });
  const { answer } = await ask('ping', {});
  assert.equal(answer.error?.code, 'failed');
  assert.doesNotMatch(JSON.stringify(answer), /secret/);
  assert.match(logged.join(), /secret of the inside/);
});

test('a request that comes twice is done once and answered twice', async () => {
  let done = 0;
  const { ask, sent } = dispatcher({ 'drift-reset': () => ({ state: `warming ${++done}` }) });
  const correlation = Buffer.from([1, 2, 3]);
  const more = { correlation, responseTopic: 'desk/7' };
  await Promise.all([ask('drift-reset', {}, more), ask('drift-reset', {}, more)]);
  assert.equal(done, 1);
  for (const { topic, answer, correlation: back } of sent) {
    assert.deepEqual([topic, answer.result, back], ['desk/7', { state: 'warming 1' }, 'AQID']);
  }
  const other = await ask('drift-reset', { reason: 'x' }, more);
  assert.equal(other.answer.error?.code, 'correlation-reused');
  assert.equal(done, 1);
});

test('a response topic that would speak in the name of the robot is not used', async () => {
  const { ask } = dispatcher({ ping: () => ({ version: '1', uptimeS: 0 }) });
  for (const responseTopic of [
    'underfoot/r1/status',
    'underfoot/r1/command/restart',
    'underfoot/fleet/model',
    'underfoot/r2/command/restart',
    'underfoot/reply',
    'underfoot',
    'homeassistant/device/x/config',
    'a/#',
    '$SYS/x',
    '',
    'a//b',
  ]) {
    assert.equal((await ask('ping', {}, { responseTopic })).topic, 'underfoot/r1/command/ping/result');
  }
  assert.equal(
    (await ask('ping', {}, { responseTopic: 'underfoot/reply/desk' })).topic,
    'underfoot/reply/desk',
  );
});

test('too many requests are refused, and a flood is not even answered', async () => {
  let nowMs = 0;
  let done = 0;
  const ping = () => ({ version: '1', uptimeS: ++done });
  const { it, sent, ask } = dispatcher({ ping }, { perMinute: 5, nowMs: () => nowMs });
  for (let i = 0; i < 200; i++) await ask('ping', {});
  assert.equal(done, 5);
  assert.equal(sent.filter((s) => s.answer.error?.code === 'rate-limited').length, 60);
  assert.deepEqual(it.counters, { received: 200, refused: 60, ignored: 135 });
  await it.handle({ topic: 'underfoot/r1/command/no name', payload: Buffer.alloc(0), retain: false });
  assert.equal(it.counters.ignored, 136);
  nowMs = 12_000;
  assert.equal((await ask('ping', {})).answer.ok, true);
});

test('requests of one command wait for each other, only so many, and only so long', async () => {
  const order: string[] = [];
  let release: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { ask } = dispatcher({
    label: async ({ label }) => {
      await gate;
      order.push(String(label));
      return { state: 'idle', sessionId: null, label, durationS: 0, bytes: 0, freeBytes: null };
    },
    ping: () => ({ version: '1', uptimeS: 0 }),
  });
  const waiting = Array.from({ length: 8 }, (_, i) => ask('label', { label: `s${i}` }));
  assert.equal((await ask('label', { label: 'late' })).answer.error?.code, 'busy');
  assert.equal((await ask('ping', {})).answer.ok, true);
  release();
  await Promise.all(waiting);
  assert.deepEqual(order, ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7']);

  const slow = dispatcher({ ping: () => new Promise(() => {}) }, { timeoutMs: 5 });
  assert.match((await slow.ask('ping', {})).answer.error?.message ?? '', /not done within 5 ms/);
});

test('over a real broker, the answer comes on the response topic with the correlation data', {
  skip: noMosquitto,
}, async () => {
  const broker = await startMosquitto();
  const publisher = new Publisher({ url: broker.url, prefix: 'underfoot', robotId: 'r1', version: '1' });
  const ping = () => ({ version: '1', uptimeS: 1 });
  new CommandDispatcher(publisher, { ping }, { robotId: 'r1' }).start();
  await publisher.start();
  const desk = await TestClient.open(broker.url, 'desk/7');
  const correlationData = Buffer.from('q-1');
  for (let i = 0; i < 2; i++) {
    await desk.client.publishAsync('underfoot/r1/command/ping', '{}', {
      qos: 1,
      properties: { responseTopic: 'desk/7', correlationData },
    });
  }
  await desk.until(() => desk.received.length === 2, 'two answers');
  for (const { packet, json } of desk.received) {
    assert.deepEqual(packet.properties?.correlationData, correlationData);
    assert.equal(packet.properties?.messageExpiryInterval, 300);
    assert.equal(answerSchema.parse(json).ok, true);
  }
  await publisher.close();
  await desk.close();
  await broker.close();
});
