import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CommandDispatcher } from '../../agent/publish/commands.ts';
import { Publisher } from '../../agent/publish/publisher.ts';
import { noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import * as example from './examples.ts';

test('over the example bridge the centre sees what robots of a site report, and can ask them', {
  skip: noMosquitto,
}, async () => {
  const centre = await startMosquitto();
  const bridge = readFileSync(new URL('../../docs/examples/mosquitto/bridge.conf', import.meta.url), 'utf8')
    .replace('centre.example:8883', `127.0.0.1:${centre.port}`)
    .replace(/^bridge_(ca|cert|key)file.*\n/gm, '');
  const site = await startMosquitto({ lines: bridge.split('\n') });
  const desk = await TestClient.open(centre.url, 'site-a/#');
  const publisher = new Publisher({ url: site.url, prefix: 'underfoot', robotId: 'r1', version: '1' });
  const ping = () => ({ version: '1', uptimeS: 1 });
  new CommandDispatcher(publisher, { ping }, { robotId: 'r1' }).start();
  await publisher.start();
  publisher.publishStatus(example.status);
  publisher.publishSurface(example.surface);
  await desk.wait((m) => m.topic === 'site-a/r1/surface', 'the surface');
  await desk.wait((m) => m.topic === 'site-a/r1/status' && m.json.state === 'online', 'the status');
  await desk.client.publishAsync('site-a/r1/command/ping', '{"correlationId":"far"}', { qos: 1 });
  const { json } = await desk.wait((m) => m.topic === 'site-a/r1/command/ping/result', 'the answer');
  assert.deepEqual([json.ok, json.correlationId], [true, 'far']);
  const late = await TestClient.open(centre.url, 'site-a/r1/surface');
  assert.equal(
    (await late.wait((m) => m.json.label === 'grass', 'the retained surface')).packet.retain,
    true,
  );
  await publisher.close();
  await desk.wait((m) => m.topic === 'site-a/r1/status' && m.json.state === 'offline', 'offline');
  await Promise.all([desk.close(), late.close()]);
  await site.close();
  await centre.close();
});
