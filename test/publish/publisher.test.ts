import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { contactBroker } from '../../agent/publish/broker-client.ts';
import { startEmbeddedBroker } from '../../agent/publish/embedded-broker.ts';
import { reports } from '../../agent/publish/payloads.ts';
import { Publisher, type PublisherOptions } from '../../agent/publish/publisher.ts';
import { freePort, type Mosquitto, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import * as example from './examples.ts';

const base: Omit<PublisherOptions, 'url' | 'robotId'> = {
  prefix: 'underfoot',
  version: '0.1.0',
  reconnectMinMs: 20,
  reconnectMaxMs: 200,
};

function publishAll(publisher: Publisher): void {
  publisher.publishStatus(example.status);
  publisher.publishPrediction(example.prediction);
  publisher.publishSurface(example.surface);
  publisher.publishDrift(example.drift);
  publisher.publishDiagnostics(example.diagnostics);
  publisher.publishRecording(example.recording);
}

describe('publishing to mosquitto', { skip: noMosquitto }, () => {
  let broker: Mosquitto;
  before(async () => {
    broker = await startMosquitto();
  });
  after(() => broker.close());

  test('every report arrives on its topic, obeys its schema, and is retained as the design says', async () => {
    const seen = await TestClient.open(broker.url, 'underfoot/all/#');
    const publisher = new Publisher({ ...base, url: broker.url, robotId: 'all' });
    await publisher.start();
    publishAll(publisher);
    const names = ['status', 'prediction', 'surface', 'drift', 'diagnostics', 'recording'] as const;
    for (const name of names) {
      const message = await seen.wait((m) => m.topic === `underfoot/all/${name}`, name);
      reports[name].schema.parse(message.json);
      assert.equal(message.packet.properties?.contentType, 'application/json');
    }
    const late = await TestClient.open(broker.url, 'underfoot/all/#');
    await late.until(() => late.received.length >= 5, 'retained reports');
    assert.deepEqual(
      late.received.map((m) => m.topic.split('/')[2]).sort(),
      names.filter((n) => n !== 'prediction').sort(),
    );
    const expiryS = late.on('underfoot/all/diagnostics')[0].packet.properties?.messageExpiryInterval;
    assert.ok(expiryS !== undefined && expiryS > 0 && expiryS <= 60, `expires after ${expiryS} s`);
    await publisher.close();
    await Promise.all([seen.close(), late.close()]);
  });

  test('a clean close says offline, and the last will stays with the broker', async () => {
    const seen = await TestClient.open(broker.url, 'underfoot/will/status');
    const publisher = new Publisher({ ...base, url: broker.url, robotId: 'will' });
    await publisher.start();
    publisher.publishStatus(example.status);
    await seen.wait((m) => m.json.state === 'online', 'online');
    await publisher.close();
    const stopped = await seen.wait((m) => m.json.state === 'offline', 'offline');
    assert.deepEqual(stopped.json.reasons, ['stopped']);
    await seen.close();
  });

  test('a broker that is not there yet is waited for, and gets the events and only the newest telemetry', async () => {
    const port = await freePort();
    const publisher = new Publisher({ ...base, url: `mqtt://127.0.0.1:${port}`, robotId: 'early' });
    await publisher.start();
    assert.equal(publisher.connected, false);
    for (let i = 0; i < 5; i++) {
      publisher.publishSurface({ ...example.surface, windowIndex: i });
      publisher.publishPrediction({ ...example.prediction, windowIndex: i });
    }
    assert.deepEqual(publisher.counters().dropped, { prediction: 4 });
    assert.equal(publisher.counters().outboxMessages, 5);
    const late = await startMosquitto({ port });
    const seen = await TestClient.open(late.url, 'underfoot/early/#');
    // Whatever arrived before the subscription is told again as retained; sequence numbers tell the whole story.
    await seen.wait((m) => m.json.windowIndex === 4 && m.topic.endsWith('surface'), 'the last surface');
    publisher.publishPrediction({ ...example.prediction, windowIndex: 9 });
    await seen.wait((m) => m.json.windowIndex === 9, 'a new prediction');
    await publisher.close();
    await seen.close();
    await late.close();
  });

  test('after a restart of the broker, retained reports are there again', async () => {
    const own = await startMosquitto();
    const publisher = new Publisher({ ...base, url: own.url, robotId: 'again' });
    await publisher.start();
    publishAll(publisher);
    const first = await TestClient.open(own.url, 'underfoot/again/surface');
    await first.until(() => first.received.length > 0, 'surface');
    await first.close();
    await own.stop('SIGKILL');
    await own.restart();
    const second = await TestClient.open(own.url, 'underfoot/again/#');
    for (const name of ['status', 'surface', 'drift', 'recording']) {
      await second.wait((m) => m.topic === `underfoot/again/${name}`, name);
    }
    assert.equal(publisher.counters().reconnects, 1);
    assert.equal(publisher.counters().outboxMessages, 0);
    await publisher.close();
    await second.close();
    await own.close();
  });
});

describe('the session', { skip: noMosquitto }, () => {
  test('a request that was sent while the agent was away arrives when it is back, as its client id is the same', async () => {
    const broker = await startMosquitto();
    const heard: string[] = [];
    let tell = () => {};
    const start = async () => {
      const publisher = new Publisher({ ...base, url: broker.url, robotId: 'away' });
      publisher.subscribe(publisher.topics.allCommands, ({ payload }) => {
        heard.push(payload.toString());
        tell();
      });
      await publisher.start();
      return publisher;
    };
    const desk = await TestClient.open(broker.url, 'underfoot/away/#');
    const first = await start();
    const early = new Promise<void>((resolve) => (tell = resolve));
    await desk.client.publishAsync('underfoot/away/command/ping', '{"correlationId":"1"}', { qos: 1 });
    await early;
    await first.close();
    await desk.client.publishAsync('underfoot/away/command/ping', '{"correlationId":"2"}', { qos: 1 });
    const late = new Promise<void>((resolve) => (tell = resolve));
    const second = await start();
    await late;
    assert.deepEqual(heard, ['{"correlationId":"1"}', '{"correlationId":"2"}']);
    await second.close();
    await desk.close();
    await broker.close();
  });
});

describe('publishing to the embedded broker', () => {
  test('a broker that hangs up on MQTT 5 without a word is spoken to in 3.1.1', async () => {
    const broker = await startEmbeddedBroker();
    const old = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (connect: Buffer) => {
        // The level stands behind the fixed header and the name `MQTT`.
        if (connect[8] === 5) {
          socket.destroy();
          return;
        }
        const far = createConnection(broker.port, '127.0.0.1');
        far.on('error', () => socket.destroy());
        far.write(connect);
        socket.pipe(far).pipe(socket);
      });
    }).listen(0, '127.0.0.1');
    await once(old, 'listening');
    const address = old.address();
    assert.ok(address !== null && typeof address === 'object');
    const seen = await TestClient.open(broker.url, 'underfoot/#', { protocolVersion: 4 });
    const publisher = new Publisher({ ...base, url: `mqtt://127.0.0.1:${address.port}`, robotId: 'old' });
    await publisher.start();
    publisher.publishSurface(example.surface);
    await seen.wait((m) => m.topic === 'underfoot/old/surface', 'surface');
    await publisher.close();
    // A command that contacts it once gets through as well, and one that may not use 3.1.1 says why it does not.
    const url = `mqtt://127.0.0.1:${address.port}`;
    const client = await contactBroker({ url }, () => {});
    assert.equal(client.options.protocolVersion, 4);
    await client.endAsync();
    const only5 = contactBroker({ url, protocolVersion: '5' }, () => {});
    await assert.rejects(only5, {
      exitCode: 69,
      message: `broker ${url}: closed before the broker answered`,
    });
    await seen.close();
    old.close();
    await broker.close();
  });

  test('falls back to MQTT 3.1.1 where the broker asks for it', async () => {
    const broker = await startEmbeddedBroker();
    const lines: string[] = [];
    const log = {
      debug: () => {},
      info: (line: string) => lines.push(line),
      warn: (line: string) => lines.push(line),
    };
    const seen = await TestClient.open(broker.url, 'underfoot/#', { protocolVersion: 4 });
    const publisher = new Publisher({ ...base, url: broker.url, robotId: 'r1' }, { log });
    await publisher.start();
    assert.equal(publisher.connected, true);
    publishAll(publisher);
    for (const name of ['status', 'prediction', 'surface', 'drift', 'diagnostics', 'recording']) {
      await seen.wait((m) => m.topic === `underfoot/r1/${name}`, name);
    }
    assert.deepEqual(lines, [
      'the broker does not speak MQTT 5: using 3.1.1',
      `connected to ${broker.url} with MQTT 3.1.1`,
    ]);
    await publisher.close();
    await seen.wait((m) => m.json.state === 'offline', 'offline');
    await seen.close();
    await broker.close();
  });

  test('close ends in bounded time with no broker at all', async () => {
    const publisher = new Publisher({ ...base, url: `mqtt://127.0.0.1:${await freePort()}`, robotId: 'r1' });
    await publisher.start();
    publisher.publishStatus(example.status);
    await publisher.close();
    assert.equal(publisher.connected, false);
  });
});

test('robot id and prefix are checked level by level', () => {
  for (const [prefix, robotId] of [
    ['underfoot', 'a/b'],
    ['underfoot', '+'],
    ['under foot', 'r'],
    ['a//b', 'r'],
    ['$SYS', 'r'],
    ['underfoot', ''],
    ['underfoot', 'fleet'],
    ['underfoot', 'reply'],
  ]) {
    assert.throws(() => new Publisher({ ...base, url: 'mqtt://localhost', prefix, robotId }), {
      name: 'ConfigError',
      exitCode: 78,
    });
  }
});

test('a wrong URL, and a password in it, are refused without repeating the password', async () => {
  for (const url of ['localhost:1883', 'http://localhost', 'mqtt://user:geheim@localhost', 'mqtt://', '']) {
    const publisher = new Publisher({ ...base, url, robotId: 'r1' });
    await assert.rejects(publisher.start(), (error: Error) => {
      assert.equal(error.name, 'ConfigError');
      assert.doesNotMatch(error.message, /geheim/);
      return true;
    });
  }
});

test('the pauses before a broker is tried again are those of the configuration', async () => {
  const pauses: number[] = [];
  let third: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    third = resolve;
  });
  const hear = (text: string) => {
    const [, ms] = text.match(/ in (\d+) ms$/) ?? [];
    if (ms !== undefined && pauses.push(Number(ms)) === 4) third();
  };
  const publisher = new Publisher(
    {
      ...base,
      url: `mqtt://127.0.0.1:${await freePort()}`,
      robotId: 'away',
      reconnectMinMs: 30,
      reconnectMaxMs: 100,
    },
    { random: () => 1, log: { debug: hear, info: () => {}, warn: hear } },
  );
  await publisher.start();
  await reached;
  await publisher.close();
  assert.deepEqual(pauses, [30, 60, 100, 100]);
});
