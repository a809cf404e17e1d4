import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../agent/publish/command-payloads.ts';
import { HomeAssistant } from '../../agent/publish/home-assistant.ts';
import { Publisher } from '../../agent/publish/publisher.ts';
import { noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import * as example from './examples.ts';

const examples: Record<string, object> = {
  status: example.status,
  prediction: example.prediction,
  surface: example.surface,
  drift: example.drift,
  diagnostics: example.diagnostics,
  recording: example.recording,
};

interface Component {
  p: string;
  unique_id: string;
  state_topic?: string;
  command_topic?: string;
  value_template?: string;
  options?: string[];
  [key: string]: unknown;
}

function device(): { cmps: Record<string, Component>; availability: { topic: string }[] } {
  const publisher = new Publisher({
    url: 'mqtt://127.0.0.1',
    prefix: 'underfoot',
    robotId: 'r1',
    version: '1',
  });
  const it = new HomeAssistant(publisher, { robotId: 'r1', version: '1', labels: () => ['grass', 'gravel'] });
  return it.device() as ReturnType<typeof device>;
}

test('another model is announced with its labels, unless the robot was removed', () => {
  const { topics } = new Publisher({
    url: 'mqtt://127.0.0.1',
    prefix: 'underfoot',
    robotId: 'r1',
    version: '1',
  });
  const sent: string[] = [];
  const port = {
    topics,
    subscribe: () => {},
    publishMessage: ({ payload }: { payload: string }) => void sent.push(payload),
  };
  let labels = ['grass'];
  const it = new HomeAssistant(port, { robotId: 'r1', version: '1', labels: () => labels });
  it.renew();
  assert.equal(sent.length, 0);
  it.start();
  labels = ['ice'];
  it.renew();
  assert.deepEqual(JSON.parse(sent[1]).cmps.surface.options, ['ice', 'unknown']);
  it.remove();
  it.renew();
  assert.equal(sent.length, 3);
});

test('every entity reads a key that its topic has, and every payload it sends is a valid request', () => {
  const { cmps, availability } = device();
  assert.equal(availability[0].topic, 'underfoot/r1/status');
  assert.deepEqual(cmps.surface.options, ['grass', 'gravel', 'unknown']);
  for (const [id, component] of Object.entries(cmps)) {
    assert.equal(component.unique_id, `underfoot_r1_${id}`);
    if (component.state_topic) {
      const [prefix, robot, report] = component.state_topic.split('/');
      assert.deepEqual([prefix, robot], ['underfoot', 'r1']);
      const key = /value_json\.(\w+)/.exec(component.value_template ?? '')?.[1] ?? '';
      assert.ok(key in examples[report], `${id}: ${report} has no ${key}`);
    }
    if (component.command_topic) {
      const name = component.command_topic.split('/')[3] as keyof typeof commands;
      for (const key of ['payload_on', 'payload_off', 'payload_press']) {
        if (key in component) commands[name].request.parse(JSON.parse(String(component[key])));
      }
    }
  }
});

test("announced retained, again at Home Assistant's birth message, and gone on request", {
  skip: noMosquitto,
}, async () => {
  const broker = await startMosquitto();
  const publisher = new Publisher({ url: broker.url, prefix: 'underfoot', robotId: 'r1', version: '1' });
  const it = new HomeAssistant(publisher, { robotId: 'r1', version: '1', labels: () => ['grass'] });
  await publisher.start();
  // As the request `discovery` does where the configuration announces nothing.
  it.announce();
  const home = await TestClient.open(broker.url, 'homeassistant/#');
  const announcements = () => home.on('homeassistant/device/r1/config').filter((m) => m.text !== '');
  await home.until(() => announcements().length === 1, 'the first announcement');
  await home.client.publishAsync('homeassistant/status', 'offline');
  await home.client.publishAsync('homeassistant/status', 'online');
  await home.until(() => announcements().length === 2, 'the one after the birth message');
  assert.deepEqual(announcements()[1].json, it.device());
  it.remove();
  await home.wait((m) => m.topic === it.topic && m.text === '', 'the removal');
  await home.client.publishAsync('homeassistant/status', 'online');
  await publisher.close();
  const late = await TestClient.open(broker.url, ['homeassistant/#', 'underfoot/#']);
  await late.client.publishAsync('homeassistant/end', 'x');
  await late.wait((m) => m.topic === 'homeassistant/end', 'the end');
  assert.equal(late.on(it.topic).length, 0);
  await Promise.all([home.close(), late.close()]);
  await broker.close();
});
