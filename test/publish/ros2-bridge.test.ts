import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';
import { Publisher } from '../../agent/publish/publisher.ts';
import { freePort, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import { python, skipWithoutPython } from '../helpers/python.ts';
import * as example from './examples.ts';

test('the ROS 2 bridge tells surface, confidence and whether to trust them, through a restart of the broker', {
  skip: noMosquitto || skipWithoutPython('paho.mqtt.client'),
}, async (t) => {
  const port = await freePort();
  const bridge = spawn(
    python,
    [join(packageRoot, 'docs/examples/ros2/underfoot_bridge.py')].concat(
      `--robot r1 --port ${port} --print`.split(' '),
    ),
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  t.after(() => bridge.kill('SIGKILL'));
  const lines = createInterface({ input: bridge.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? '{"end":true}');
  const broker = await startMosquitto({ port });
  const publisher = new Publisher({
    url: broker.url,
    prefix: 'underfoot',
    robotId: 'r1',
    version: '1',
    reconnectMinMs: 20,
    reconnectMaxMs: 100,
  });
  await publisher.start();
  publisher.publishMessage({ topic: 'underfoot/r1/surface', payload: '{"label":7}', retain: false });
  publisher.publishSurface(example.surface);
  publisher.publishStatus(example.status);
  // The order in which retained reports come is the broker's; trust comes last in any case.
  let seen: Record<string, unknown> = {};
  while (seen.trusted !== true) seen = { ...seen, ...(await next()) };
  assert.equal(seen.surface, 'grass');

  publisher.publishPrediction({ ...example.prediction, surface: 'unknown', smoothedConfidence: 0.25 });
  assert.deepEqual(await next(), { confidence: 0.25 });
  assert.equal(JSON.parse((await next()).prediction).label, 'grass');
  assert.deepEqual(await next(), { surface: 'unknown' });
  assert.deepEqual(await next(), { trusted: false });
  publisher.publishPrediction(example.prediction);
  for (const key of ['confidence', 'prediction', 'surface']) assert.ok(key in (await next()), key);
  assert.deepEqual(await next(), { trusted: true });
  publisher.publishDrift({ ...example.drift, state: 'drift' });
  assert.deepEqual(await next(), { trusted: false });
  publisher.publishDrift({ ...example.drift, state: 'stable' });
  assert.deepEqual(await next(), { trusted: true });

  await broker.stop('SIGKILL');
  assert.deepEqual(await next(), { trusted: false }, 'nobody can say that the agent is away');
  await broker.restart();
  const back = await TestClient.open(broker.url, 'underfoot/r1/status');
  await back.wait((m) => m.json.state === 'online', 'the publisher is back');
  seen = {};
  while (seen.trusted !== true) seen = { ...seen, ...(await next()) };
  assert.equal(seen.surface, 'grass');
  await publisher.close();
  assert.deepEqual(await next(), { trusted: false }, 'the agent is offline');
  const gone = once(bridge, 'exit');
  bridge.kill('SIGTERM');
  await gone;
  await back.close();
  await broker.close();
});
