import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assemble } from '../../agent/assemble.ts';
import { configSchema } from '../../agent/config/schema.ts';
import { modelFolder } from '../../agent/model/card-file.ts';
import { type LoadedModel, loadModel } from '../../agent/model/load.ts';
import type { Pipeline } from '../../agent/pipeline.ts';
import { protocolSchema } from '../../agent/protocol/registry.ts';
import { RecordingControl } from '../../agent/recording-control.ts';
import type { AgentView } from '../../agent/service/agent-view.ts';
import { Diagnostics } from '../../agent/service/diagnostics.ts';
import { createLogger } from '../../agent/service/log.ts';
import type { Notifier } from '../../agent/service/notify.ts';
import { type Serving, serve } from '../../agent/service/serve.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';
import { SimulatedRobot } from '../../agent/simulate/robot.ts';
import { RobotCurrent } from '../../agent/simulate/robot-current.ts';

let folder: string;
let model: LoadedModel;
let pipeline: Pipeline;
let serving: Serving;
let agent: AgentView;
const told: string[] = [];
const source = { name: '/dev/test', state: 'open' as 'open' | 'waiting', opened: 1 };

const notifier: Notifier = {
  active: true,
  failures: 0,
  ready: () => told.push('ready'),
  reloading: () => told.push('reloading'),
  stopping: () => told.push('stopping'),
  status: (text) => told.push(text),
  watchdog: () => told.push('watchdog'),
  flush: async () => undefined,
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'underfoot-serve-'));
  model = await loadModel(modelFolder('demo-six-surfaces'));
  const columns = model.card.channels.map(({ name }, i) => ({ column: i + 1, channel: name }));
  const spec = protocolSchema.parse({ name: 'text', columns, time: { column: 0, unit: 'us' } });
  const config = configSchema.parse({
    robotId: 'tester',
    source: { kind: 'serial', port: '/dev/test' },
    protocol: spec,
    model: 'demo-six-surfaces',
    mqtt: {},
    dashboard: { port: 0 },
  });
  const input = { file: 'test', protocol: spec, midStream: false };
  const assembled = assemble(model, input);
  pipeline = assembled.pipeline;
  const diagnostics = new Diagnostics(pipeline, () => ({ droppedWrites: 3, lostRecordingSamples: 5 }));
  pipeline.watchers.add(diagnostics);
  const counters = { sent: 7, dropped: { prediction: 2 }, reconnects: 1, outboxBytes: 0, outboxMessages: 0 };
  const recording = new RecordingControl(pipeline, {
    robotId: 'tester',
    version: '0.0.0',
    protocol: assembled.protocol,
    protocolSpec: spec,
    input,
    model: () => model,
    space: { folder, minFreeBytes: 0, deleteLabelled: false },
  });
  agent = {
    version: '0.0.0',
    startedMs: Date.now(),
    pipeline,
    diagnostics,
    config: () => config,
    model: () => model,
    source: () => source,
    status: () => ({ state: 'online', reasons: [] }),
    mqtt: () => ({ connected: true, counters }),
    recording,
    sessionsFolder: folder,
    modelFolders: [join(model.folder, '..')],
    activateModel: async () => undefined,
  };
  serving = await serve({
    agent,
    dashboard: config.dashboard,
    protocolChannels: assembled.protocol.channels,
    calibration: undefined,
    logger: createLogger({ level: 'silent' }),
    notifier,
    env: {},
  });
});
after(async () => {
  await serving.close();
  await model.classifier.close();
  rmSync(folder, { recursive: true });
});

/** Sends seconds of a simulated drive through the pipeline. */
async function drive(seconds: number): Promise<void> {
  const current = new RobotCurrent(new SimulatedRobot({ seed: 1, rateHz: 200, dwellS: 20, load: 1 }), 200);
  const device = createSimulatedDevice(agent.config().protocol, current.at, 200);
  const startUs = performance.now() * 1000;
  for (let us = 0; us < seconds * 1e6; us += 10_000) {
    const bytes = device.tick(us);
    if (bytes) pipeline.feed(bytes, startUs + us);
  }
  await pipeline.idle();
}

const get = async (path: string) => await fetch(serving.url + path);
/** Whatever JSON it is. */
// biome-ignore lint/suspicious/noExplicitAny: the test says what it expects
const getJson = async (path: string): Promise<any> => await (await get(path)).json();

test('the dashboard shows a running pipeline: current, predictions, model and figures', async () => {
  await drive(15);
  serving.refresh();
  const stream = await get('/api/live');
  const reader = stream.body!.getReader();
  let text = '';
  while (!text.includes('data: ')) text += new TextDecoder().decode((await reader.read()).value);
  while (!text.trimEnd().endsWith('}')) text += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  const delta = JSON.parse(text.slice(text.indexOf('data: ') + 6).split('\n')[0]);
  assert.ok(delta.trace.length > 300, `${delta.trace.length} buckets of current`);
  assert.ok(delta.predictions.length >= 2);
  const [prediction] = delta.predictions;
  assert.ok(model.card.labels.includes(prediction.label));
  assert.ok(Math.abs(prediction.probabilities.reduce((a: number, b: number) => a + b) - 1) < 0.01);
  assert.equal(delta.state.robotId, 'tester');
  assert.equal(delta.state.model.simulated, true);
  assert.ok(delta.state.confidenceBand.low < delta.state.confidenceBand.high);
});

test('/metrics has what diagnostics says, in a form that Prometheus takes', async () => {
  const text = await (await get('/metrics')).text();
  assert.match(text, /^underfoot_samples_total \d{3,}$/m);
  assert.match(text, /^underfoot_windows_total [1-9]\d*$/m);
  assert.match(text, /^underfoot_mqtt_messages_dropped_total\{topic="prediction"\} 2$/m);
  assert.match(text, /^underfoot_dropped_writes_total 3$/m);
  assert.match(text, /^underfoot_recording_lost_samples_total 5$/m);
  assert.doesNotMatch(text, /poll_timeouts/, 'nothing is asked');
  const { refused } = pipeline.parts.path.calibrator;
  pipeline.push({ deviceTicks: 1, sequence: Number.NaN, values: Float64Array.of(Number.NaN) }, 1);
  const later = await (await get('/metrics')).text();
  assert.match(later, new RegExp(`^underfoot_refused_samples_total ${refused + 1}$`, 'm'));
  assert.match(later, /^underfoot_drift_skipped_windows_total \d+$/m);
  assert.match(later, /^underfoot_dashboard_clients_dropped_total 0$/m);
  assert.match(text, /^underfoot_inference_seconds\{quantile="0.99"\} 0\.\d+$/m);
  assert.match(text, /^underfoot_surface_probability_ratio\{surface="[A-Za-z_]+"\} /m);
  for (const line of text.trimEnd().split('\n')) {
    assert.match(line, /^(# (HELP|TYPE) underfoot_\w+ .+|underfoot_\w+(\{(\w+="[^"]*",?)+\})? -?[\d.e+-]+)$/);
  }
});

test('a recording is begun, relabelled, ended and downloaded through the dashboard', async () => {
  const post = async (path: string, body: object) => {
    const answer = await fetch(serving.url + path, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.clone().text());
  };
  await post('/api/record/start', { label: 'GRASS', note: 'wet' });
  const state = await getJson('/api/state');
  assert.equal(state.recording.active, true);
  assert.equal(state.recording.label, 'GRASS');
  await drive(3);
  await post('/api/record/label', { label: 'GRAVEL' });
  await drive(3);
  await post('/api/record/stop', {});
  const [session] = await getJson('/api/sessions');
  assert.deepEqual(session.labels.sort(), ['GRASS', 'GRAVEL']);
  assert.equal(session.partial, false);
  const file = Buffer.from(await (await get(`/api/sessions/${session.id}`)).arrayBuffer());
  assert.equal(file.length, session.bytes);
  assert.deepEqual([...file.subarray(0, 5)], [0x89, 0x4d, 0x43, 0x41, 0x50], 'MCAP');
});

test('the models of the folders are offered, the one in use marked', async () => {
  const models = await getJson('/api/models');
  const active = models.filter((m: { active: boolean }) => m.active);
  assert.deepEqual(
    active.map((m: { name: string }) => m.name),
    ['demo-six-surfaces'],
  );
});

test('readiness follows the port', async () => {
  assert.equal((await get('/readyz')).status, 200);
  source.state = 'waiting';
  assert.equal((await get('/readyz')).status, 503);
  assert.equal((await get('/healthz')).status, 200);
  source.state = 'open';
});

test('systemctl status gets a line of what goes on', () => {
  assert.ok(told.includes('watchdog'));
  assert.ok(told.includes('no window yet'));
  assert.ok(told.some((line) => /, drift (warming|stable|warning|drift)/.test(line)));
});
