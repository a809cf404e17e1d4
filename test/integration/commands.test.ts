/** Every request over MQTT to an `underfoot run` of its own: a simulated robot behind a real pty, a real mosquitto. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Answer, answerSchema, commands } from '../../agent/publish/command-payloads.ts';
import { drive } from '../../agent/simulate/drive.ts';
import { type CliProcess, startCli, writeConfig } from '../helpers/agent-process.ts';
import { type Mosquitto, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import { openTestPty, type TestPty } from '../helpers/pty.ts';

const base = 'underfoot/rover';
const replies = 'underfoot/reply/test';

describe('requests over MQTT to a running agent', { skip: noMosquitto }, () => {
  let folder: string;
  let mosquitto: Mosquitto;
  let pty: TestPty;
  let agent: CliProcess;
  let mqtt: TestClient;
  let config: string;
  /** What a steady current is written as, without its last digit; undefined: as the robot drives. */
  let steady: string | undefined;
  const stop = new AbortController();
  let driving: Promise<void>;
  let asked = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'underfoot-commands-'));
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'user'), 'rover\n');
    writeFileSync(join(folder, 'password'), 'geheim-42\n', { mode: 0o600 });
    const channel = { unit: 'A', offset: 0, gain: 1, validRange: [-1, 9] };
    const channels = ['curL', 'curR'].map((name) => ({ name, ...channel }));
    writeFileSync(
      join(folder, 'calibration.yaml'),
      JSON.stringify({ schemaVersion: 1, robot: 'rover', created: '2026-01-02T03:04:05Z', channels }),
    );
    mosquitto = await startMosquitto();
    pty = await openTestPty();
    driving = drive({
      seed: 2001,
      rateHz: 50,
      labels: ['SAND'],
      dwellS: 36_000,
      speed: 4,
      signal: stop.signal,
      // With 0.1 A motors off: what a sensor with that offset and some noise says.
      write: (text) =>
        pty.writeAll(
          steady === undefined
            ? text
            : text.replace(/,.*$/gm, (_, i: number) => `,${steady}${i % 2},${steady}${(i >> 1) % 2}`),
        ),
    });
    mqtt = await TestClient.open(mosquitto.url, [`${base}/+`, replies, 'homeassistant/#']);
    config = writeConfig(folder, {
      source: { kind: 'serial', port: pty.path },
      calibration: 'calibration.yaml',
      sessions: { folder: 'sessions' },
      diagnosticsIntervalS: 0.5,
      mqtt: {
        url: mosquitto.url,
        usernameFile: 'user',
        passwordFile: 'password',
        commands: { perMinute: 1000 },
        models: { folder: 'models' },
      },
    });
    agent = startCli(['run', '--config', config]);
    await agent.said(/underfoot is running/);
    await predictions(3);
  });
  after(async () => {
    if (agent.child.exitCode === null) await agent.ended('SIGTERM');
    stop.abort();
    await driving;
    await mqtt.close();
    await pty.close();
    await mosquitto.close();
    rmSync(folder, { recursive: true });
  });

  /** Waits for so many new predictions and gives them. */
  async function predictions(count: number) {
    const topic = `${base}/prediction`;
    const before = mqtt.on(topic).length;
    await mqtt.until(() => mqtt.on(topic).length >= before + count, `${count} predictions`);
    return mqtt.on(topic).slice(before);
  }

  /** Sends a request and gives its answer. */
  async function ask(name: string, request: object | Buffer = {}, retain = false): Promise<Answer> {
    const correlationData = Buffer.from(String(++asked));
    const payload = Buffer.isBuffer(request) ? request : JSON.stringify(request);
    const properties = { responseTopic: replies, correlationData };
    await mqtt.client.publishAsync(`${base}/command/${name}`, payload, { qos: 1, retain, properties });
    const { json } = await mqtt.wait(
      ({ topic, packet }) =>
        topic === replies && correlationData.equals(packet.properties?.correlationData ?? Buffer.alloc(0)),
      `the answer to ${name}`,
    );
    return answerSchema.parse(json);
  }

  /** The result of a request that must succeed, as its schema says. */
  async function done<K extends keyof typeof commands>(name: K, request: object = {}) {
    const { ok, result, error } = await ask(name, request);
    assert.equal(ok, true, `${name}: ${error?.message}`);
    // biome-ignore lint/suspicious/noExplicitAny: the schema of each command says what it is
    return commands[name].result.parse(result) as any;
  }

  test('ping is answered', async () => {
    const { version, uptimeS } = await done('ping');
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.ok(uptimeS > 0);
  });

  test('a session is recorded, labelled and closed, and is there on disk', async () => {
    const { state, sessionId, label } = await done('record', { action: 'start', label: 'SAND' });
    assert.deepEqual([state, label], ['recording', 'SAND']);
    assert.equal((await ask('record', { action: 'start' })).error?.code, 'refused');
    await predictions(2);
    assert.equal((await done('label', { label: 'GRAVEL' })).label, 'GRAVEL');
    await predictions(1);
    const stopped = await done('record', { action: 'stop' });
    assert.deepEqual([stopped.state, stopped.sessionId], ['idle', sessionId]);
    assert.ok(stopped.bytes > 0 && stopped.durationS > 0);
    await mqtt.wait(
      (m) => m.topic === `${base}/recording` && m.json.label === 'GRAVEL',
      'the report of the label',
    );
    const files = readdirSync(join(folder, 'sessions'), { recursive: true, encoding: 'utf8' });
    assert.ok(
      files.some((name) => name.includes(sessionId) && name.endsWith('.mcap')),
      files.join(),
    );
    assert.equal((await ask('label', { label: 'SAND' })).error?.code, 'refused');
    await predictions(1);
  });

  test('models are listed; activate and rollback do what they can and say what they cannot', async () => {
    const { active, models } = await done('model', { action: 'list' });
    assert.match(active, /^demo-six-surfaces@/);
    assert.deepEqual(
      models.map((m: { name: string; active: boolean }) => [m.name, m.active]),
      [['demo-six-surfaces', true]],
    );
    assert.equal((await done('model', { action: 'activate', name: 'demo-six-surfaces' })).active, active);
    assert.match(
      (await ask('model', { action: 'activate', name: 'nope' })).error?.message ?? '',
      /no model nope/,
    );
    assert.match((await ask('model', { action: 'rollback' })).error?.message ?? '', /no model to go back to/);
    await predictions(1);
  });

  test('drift begins anew', async () => {
    assert.deepEqual(await done('drift-reset', { reason: 'new wheels' }), { state: 'warming' });
    await agent.said(/new wheels/);
    await predictions(1);
  });

  test('the configuration is told, without a secret', async () => {
    const answer = await ask('config-get');
    assert.equal((answer.result as { config: { robotId: string } }).config.robotId, 'rover');
    assert.doesNotMatch(JSON.stringify(answer), /geheim/);
  });

  test('Home Assistant is told of the robot, and that it is gone', async () => {
    const { topic } = await done('discovery', { action: 'announce' });
    await mqtt.wait((m) => m.topic === topic && m.text.includes('Surface'), 'the announcement');
    await done('discovery', { action: 'remove' });
    await mqtt.wait((m) => m.topic === topic && m.text === '', 'the removal');
  });

  test('whatever else arrives is answered with an error, and not one window is missed', async () => {
    const [{ json: first }] = await predictions(1);
    const hostile: [string, object | Buffer, string][] = [
      ['record', Buffer.from([0xff, 0xfe, 0x00, 0x80]), 'bad-json'],
      ['record', Buffer.from('['.repeat(10_000)), 'bad-json'],
      ['ping', Buffer.alloc(200_000, 0x20), 'too-large'],
      ['label', { label: '../../etc/passwd' }, 'bad-request'],
      ['label', { label: 'x'.repeat(10_000) }, 'bad-request'],
      ['record', { action: 'start', label: { $ne: null } }, 'bad-request'],
      ['record', Buffer.from('{"__proto__":{"action":"start"}}'), 'bad-request'],
      ['record', { action: 'start', durationS: -1 }, 'bad-request'],
      ['model', { action: 'activate', name: '..' }, 'bad-request'],
      ['calibrate-zero', { durationS: 1e9 }, 'bad-request'],
      ['restart', [], 'bad-request'],
      ['format-disk', {}, 'unknown-command'],
      ['__proto__', {}, 'unknown-command'],
    ];
    for (const [name, request, code] of hostile) {
      assert.equal((await ask(name, request)).error?.code, code, `${name} ${request}`.slice(0, 80));
    }
    await Promise.all(Array.from({ length: 100 }, () => ask('drift-reset', { reason: 7 })));
    await mqtt.client.publishAsync(`${base}/command/no name`, '{}', { qos: 1 });
    await mqtt.wait(
      ({ topic, json }) =>
        topic === `${base}/diagnostics` &&
        json.commands?.refused >= 100 + hostile.length &&
        json.commands.ignored === 1 &&
        json.commands.received > json.commands.refused,
      'diagnostics that count what was refused and ignored',
    );
    const after = await predictions(2);
    const all = mqtt.on(`${base}/prediction`).filter((m) => m.json.sequence >= first.sequence);
    assert.deepEqual(
      all.map((m) => m.json.windowIndex),
      all.map((_, i) => first.windowIndex + i),
    );
    assert.equal(after.at(-1)?.json.label, 'SAND');
    assert.equal((await done('ping')).version.length > 0, true);
  });

  test('zero is not calibrated while the motors draw current, and is when they are off', async () => {
    const refused = await ask('calibrate-zero', { durationS: 6 });
    assert.match(refused.error?.message ?? '', /is a motor running/);
    steady = '0.4';
    // What was written before is read when two more windows are through.
    await predictions(2);
    const cruising = await ask('calibrate-zero', { durationS: 2 });
    assert.match(
      cruising.error?.message ?? '',
      /curL: current is 0.4\d* A, expected below 0.3\d* A \(half of what driving draws/,
    );
    steady = '0.1';
    await predictions(2);
    await done('record', { action: 'start' });
    assert.match((await ask('calibrate-zero', { durationS: 2 })).error?.message ?? '', /a recording running/);
    await done('record', { action: 'stop' });
    const { offsets, samples } = await done('calibrate-zero', { durationS: 2 });
    steady = undefined;
    assert.ok(samples >= 50, `${samples} samples`);
    for (const name of ['curL', 'curR'])
      assert.ok(Math.abs(offsets[name] - 0.105) < 0.02, `${name} ${offsets[name]}`);
    await predictions(1);
  });

  test('restart is answered, the agent ends cleanly, and a request sent meanwhile is done by the next one', async () => {
    assert.deepEqual(await done('restart'), {});
    assert.equal(await agent.ended(), 0);
    await mqtt.wait((m) => m.topic === `${base}/status` && m.json.reasons?.[0] === 'stopped', 'offline');
    const pong = ask('ping');
    agent = startCli(['run', '--config', config]);
    assert.equal((await pong).ok, true);
    await predictions(1);
    assert.doesNotMatch(agent.output(), /geheim/);
  });
});
