import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Publisher, type PublisherOptions } from '../../agent/publish/publisher.ts';
import { freePort, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';
import * as example from './examples.ts';

const root = mkdtempSync(join(tmpdir(), 'underfoot-outage-'));
after(() => rmSync(root, { recursive: true, force: true }));

const base: Omit<PublisherOptions, 'url' | 'robotId'> = {
  prefix: 'underfoot',
  version: '0.1.0',
  reconnectMinMs: 20,
  reconnectMaxMs: 100,
};

describe('when the broker is away', { skip: noMosquitto }, () => {
  test('a simulated week leaves nothing grown; what is kept comes in order and the rest is counted', async () => {
    const folder = join(root, 'week');
    const port = await freePort();
    let nowMs = Date.UTC(2026, 0, 1);
    const maxBytes = 256 * 1024;
    const publisher = new Publisher(
      {
        ...base,
        url: `mqtt://127.0.0.1:${port}`,
        robotId: 'week',
        outbox: { folder, maxBytes, maxAgeS: 24 * 3600 },
      },
      { nowMs: () => nowMs },
    );
    await publisher.start();
    const week = 7 * 24 * 3600;
    let surfaces = 0;
    let predictions = 0;
    for (let s = 0; s < week; s += 60) {
      nowMs += 60_000;
      publisher.publishSurface({ ...example.surface, windowIndex: surfaces++ });
      for (let i = 0; i < 4; i++)
        publisher.publishPrediction({ ...example.prediction, windowIndex: predictions++ });
    }
    const size = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    assert.ok(size <= maxBytes + 16, `${size} bytes on disk`);
    const { dropped, outboxMessages } = publisher.counters();
    assert.equal(dropped.surface + outboxMessages, surfaces);
    assert.ok(outboxMessages <= 24 * 60 + 1, 'nothing older than a day is kept');
    assert.equal(dropped.prediction, predictions - 1);

    const broker = await startMosquitto({ port });
    // A session that outlives the connection would hide losses, so listen before the publisher is back.
    const seen = await TestClient.open(broker.url, 'underfoot/week/#');
    await seen.wait((m) => m.topic.endsWith('surface') && m.json.windowIndex === surfaces - 1, 'the newest');
    const order = seen.on('underfoot/week/surface').map((m) => m.json.sequence as number);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    await publisher.close();
    assert.equal(publisher.counters().outboxMessages, 0);
    assert.equal(publisher.counters().sent >= outboxMessages, true);
    await seen.close();
    await broker.close();
  });

  test('events survive kill -9 of the agent, in order, and a duplicate carries the same sequence number', async () => {
    const folder = join(root, 'kill');
    const port = await freePort();
    const agent = startAgent({ url: `mqtt://127.0.0.1:${port}`, folder, count: '200' });
    await line(agent, 'published');
    agent.kill('SIGKILL');
    await once(agent, 'exit');

    const broker = await startMosquitto({ port });
    const seen = await TestClient.open(broker.url, 'underfoot/kill/surface');
    const publisher = new Publisher({ ...base, url: broker.url, robotId: 'kill', outbox: { folder } });
    await publisher.start();
    await seen.until(() => seen.received.length >= 200, 'all events');
    assert.deepEqual(
      seen.received.map((m) => m.json.sequence),
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    assert.equal(new Set(seen.received.map((m) => m.json.bootId)).size, 1);
    await publisher.close();
    await seen.close();
    await broker.close();
  });

  test('the broker says offline for an agent that was killed', async () => {
    const broker = await startMosquitto();
    const seen = await TestClient.open(broker.url, 'underfoot/kill/status');
    const agent = startAgent({ url: broker.url, folder: join(root, 'will'), count: '1' });
    await seen.wait((m) => m.json.state === 'online', 'online');
    agent.kill('SIGKILL');
    const will = await seen.wait((m) => m.json.state === 'offline', 'offline');
    assert.deepEqual(will.json.reasons, ['connection lost']);
    await seen.close();
    await broker.close();
  });

  test('what the broker took but could not acknowledge is sent again, marked by its sequence number', async () => {
    const broker = await startMosquitto();
    const proxy = await startTcpProxy(broker.port);
    const seen = await TestClient.open(broker.url, 'underfoot/dup/surface');
    const publisher = new Publisher({ ...base, url: `mqtt://127.0.0.1:${proxy.port}`, robotId: 'dup' });
    await publisher.start();
    proxy.degrade('deaf');
    for (let n = 1; n <= 5; n++) publisher.publishSurface({ ...example.surface, windowIndex: n });
    await seen.until(() => seen.received.length >= 5, 'the first time');
    proxy.cut();
    await seen.until(() => seen.received.length >= 10, 'the second time');
    const sequences = seen.received.map((m) => m.json.sequence);
    assert.deepEqual(sequences, [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
    await publisher.close();
    assert.deepEqual([publisher.counters().outboxMessages, publisher.counters().dropped], [0, {}]);
    await seen.close();
    await proxy.close();
    await broker.close();
  });

  test('a half-open connection is noticed by the keep-alive, and nothing of QoS 1 is lost', async () => {
    const broker = await startMosquitto();
    const proxy = await startTcpProxy(broker.port);
    const seen = await TestClient.open(broker.url, 'underfoot/half/#');
    const publisher = new Publisher({
      ...base,
      url: `mqtt://127.0.0.1:${proxy.port}`,
      robotId: 'half',
      keepaliveS: 1,
    });
    await publisher.start();
    publisher.publishStatus(example.status);
    await seen.wait((m) => m.json.state === 'online', 'online');
    proxy.degrade('silent');
    for (let n = 1; n <= 3; n++) publisher.publishSurface({ ...example.surface, windowIndex: n });
    await seen.wait((m) => m.topic.endsWith('surface') && m.json.windowIndex === 3, 'the events');
    // Whether the dead connection's last will still comes is the broker's choice; the new status follows in any case.
    const states = () => seen.on('underfoot/half/status').map((m) => m.json.state);
    await seen.until(() => states().length >= 2 && states().at(-1) === 'online', 'the new status');
    assert.ok(publisher.counters().reconnects >= 1);
    await publisher.close();
    await seen.close();
    await proxy.close();
    await broker.close();
  });
});

function startAgent(env: Record<string, string>): ChildProcess {
  const script = new URL('../fixtures/publisher-process.ts', import.meta.url).pathname;
  return spawn(process.execPath, ['--import', 'tsx', script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function line(child: ChildProcess, wanted: string): Promise<void> {
  let text = '';
  for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
    text += bytes;
    if (text.includes(wanted)) return;
  }
  throw new Error(`the process ended without saying ${wanted}`);
}
