import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';
import { commands } from '../../agent/publish/command-payloads.ts';
import { matches } from '../../agent/publish/publisher.ts';
import { createTopics } from '../../agent/publish/topics.ts';
import * as example from './examples.ts';

interface Node {
  id: string;
  type: string;
  z?: string;
  name?: string;
  topic?: string;
  broker?: string;
  wires?: string[][];
  func?: string;
  payload?: string;
}

const flow: Node[] = JSON.parse(readFileSync(join(packageRoot, 'docs/examples/node-red/flow.json'), 'utf8'));
const node = (name: string) => flow.find((n) => n.name === name) as Node;

/** Runs a function node as Node-RED does, with a context of its own and one of the flow. */
function functionNode(name: string): (msg: object) => { payload: string } | null {
  const store = () => {
    const values = new Map<string, unknown>();
    return { get: (k: string) => values.get(k), set: (k: string, v: unknown) => void values.set(k, v) };
  };
  const run = new Function('msg', 'context', 'flow', node(name).func ?? '');
  const [own, shared] = [store(), store()];
  return (msg) => run(msg, own, shared);
}

test('the Node-RED flow is wired to nodes that exist, and listens to topics that robots speak on', () => {
  const ids = flow.map((n) => n.id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { wires = [], broker, z } of flow) {
    for (const id of wires.flat()) assert.ok(ids.includes(id), id);
    if (z !== undefined) assert.equal(flow.find((n) => n.id === z)?.type, 'tab');
    if (broker !== undefined && !/^\d/.test(broker))
      assert.equal(flow.find((n) => n.id === broker)?.type, 'mqtt-broker');
  }
  const topics = createTopics('underfoot', 'husky-1');
  for (const name of ['status', 'surface', 'drift'] as const) {
    assert.equal(matches(node(name).topic ?? '', topics.report[name]), true, name);
  }
  const ping = node('ping husky-1');
  assert.equal(ping.topic, topics.command('ping'));
  commands.ping.request.parse(JSON.parse(ping.payload ?? ''));
  assert.ok(node('answers').topic?.startsWith(topics.replies));
});

test('its functions make a line a robot of our reports, and an alarm only of a change for the worse', () => {
  const remember = functionNode('one line a robot');
  remember({ topic: 'underfoot/r1/status', payload: example.status });
  remember({ topic: 'underfoot/r1/drift', payload: example.drift });
  const line = remember({ topic: 'underfoot/r1/surface', payload: example.surface });
  assert.equal(line?.payload, 'r1: grass (trusted), online, drift warning');

  const alarm = functionNode('needs a person');
  const drifted = { topic: 'underfoot/r1/drift', payload: { ...example.drift, state: 'drift' } };
  assert.equal(alarm({ topic: 'underfoot/r1/status', payload: example.status }), null);
  assert.equal(alarm(structuredClone(drifted))?.payload, 'r1 drift drift: confidence; record');
  assert.equal(alarm(structuredClone(drifted)), null);
  const away = { ...example.status, state: 'offline', reasons: ['connection lost'] };
  assert.equal(
    alarm({ topic: 'underfoot/r1/status', payload: away })?.payload,
    'r1 status offline: connection lost',
  );
});
