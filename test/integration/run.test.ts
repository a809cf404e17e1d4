/** `underfoot run` as a process of its own: a real pseudo terminal on one side, a real mosquitto on the other. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { reports } from '../../agent/publish/payloads.ts';
import { SimulatedRobot } from '../../agent/simulate/robot.ts';
import { type CliProcess, startCli, writeConfig } from '../helpers/agent-process.ts';
import { freePort, type Mosquitto, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import { openTestPty, stableName, type TestPty } from '../helpers/pty.ts';

/** Whatever a payload has. */
// biome-ignore lint/suspicious/noExplicitAny: each test says what it expects
type Json = any;

describe('underfoot run', { skip: noMosquitto }, () => {
  let folder: string;
  let mosquitto: Mosquitto;
  let pty: TestPty;
  let agent: CliProcess | undefined;
  let client: TestClient | undefined;
  /** A robot of its own for each test, so that nothing retained comes from another. */
  let robotId: string;
  let base: string;
  let robots = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'underfoot-run-'));
    mosquitto = await startMosquitto();
    pty = await openTestPty();
  });
  beforeEach(() => {
    robotId = `rover-${++robots}`;
    base = `underfoot/${robotId}`;
  });
  afterEach(async () => {
    await client?.close();
    if (agent && agent.child.exitCode === null) await agent.ended('SIGKILL');
    agent = client = undefined;
  });
  after(async () => {
    await pty.close();
    await mosquitto.close();
    rmSync(folder, { recursive: true });
  });

  /** Seconds of a drive on one surface as text, as fast as the terminal takes it; time goes on from call to call. */
  function driver(label: string) {
    const robot = new SimulatedRobot({ seed: 2001, rateHz: 50, labels: [label], dwellS: 3600 });
    return (seconds: number) =>
      Array.from({ length: seconds * 50 }, () => {
        const { timeUs, currentA } = robot.next();
        return `${(timeUs / 1e6).toFixed(6)},${currentA[0].toFixed(2)},${currentA[1].toFixed(2)}\n`;
      });
  }

  async function start(change: Record<string, unknown> = {}): Promise<TestClient> {
    client ??= await TestClient.open(mosquitto.url, `${base}/+`);
    const config = writeConfig(folder, {
      source: { kind: 'serial', port: pty.path },
      mqtt: { url: mosquitto.url },
      robotId,
      diagnosticsIntervalS: 0.2,
      ...change,
    });
    agent = startCli(['run', '--config', config]);
    await agent.said(/underfoot is running/);
    return client;
  }

  const said =
    (name: string, holds: (json: Json) => boolean = () => true) =>
    ({ topic, json }: { topic: string; json: Json }) =>
      topic === `${base}/${name}` && holds(json);

  test('publishes status, predictions, surface, drift and diagnostics as their schemas say', async () => {
    const mqtt = await start();
    const drive = driver('SAND');
    for (let i = 0; i < 4; i++) await pty.writeAll(drive(5).join(''));
    await mqtt.wait(
      said('diagnostics', ({ windows }) => windows >= 12),
      'diagnostics of 12 windows',
    );
    for (const name of ['status', 'prediction', 'surface', 'drift', 'diagnostics', 'recording'] as const) {
      const [message] = mqtt.on(`${base}/${name}`);
      assert.ok(message, name);
      reports[name].schema.parse(message.json);
      assert.equal(message.packet.qos, reports[name].qos, name);
    }
    const predictions = mqtt.on(`${base}/prediction`).map(({ json }) => json);
    assert.deepEqual(
      predictions.map(({ windowIndex }) => windowIndex),
      predictions.map((_, i) => i),
    );
    assert.ok(predictions.every(({ label }) => label === 'SAND'));
    assert.equal(mqtt.on(`${base}/surface`).at(-1)?.json.label, 'SAND');
  });

  test('says offline when it is told to stop, ends with 0, and the broker says it when it is killed', async () => {
    const mqtt = await start();
    await mqtt.wait(
      said('status', ({ state }) => state !== 'offline'),
      'online or degraded',
    );
    assert.equal(await agent!.ended('SIGTERM'), 0);
    await mqtt.wait(
      said('status', (s) => s.state === 'offline' && s.reasons[0] === 'stopped'),
      'stopped',
    );
    await start();
    agent!.child.kill('SIGKILL');
    await mqtt.wait(
      said('status', (s) => s.state === 'offline' && s.reasons[0] === 'connection lost'),
      'the last will',
    );
    const late = await TestClient.open(mosquitto.url, `${base}/status`);
    await late.wait(
      said('status', ({ state }) => state === 'offline'),
      'the retained status',
    );
    await late.close();
  });

  test('waits for a port that is not there, takes it when it comes, and again after the plug was pulled', async () => {
    const name = stableName();
    const mqtt = await start({ source: { kind: 'serial', port: name.path, silenceS: 60 } });
    // At first it is being opened.
    await mqtt.wait(
      said(
        'status',
        (s) => s.state === 'degraded' && /usb-Test_Robot-if00: no such port|no such/i.test(s.reasons[0]),
      ),
      'degraded, and why',
    );
    const first = await openTestPty();
    name.pointAt(first.path);
    await mqtt.wait(
      said('status', (s) => s.source?.state === 'open'),
      'open',
    );
    await first.writeAll(driver('SAND')(6).join(''));
    await mqtt.wait(said('prediction'), 'a prediction');
    const before = mqtt.received.length;
    await first.close();
    const turns = (state: string) =>
      mqtt.wait(
        said('status', (s) => s.source?.state === state),
        state,
        20_000,
        before,
      );
    await turns('waiting');
    const second = await openTestPty();
    name.pointAt(second.path);
    await turns('open');
    await second.close();
    name.remove();
    assert.equal(agent!.child.exitCode, null);
  });

  test('runs without a broker, and reaches it when it comes', async () => {
    const port = await freePort();
    agent = startCli([
      'run',
      '--config',
      writeConfig(folder, {
        robotId,
        source: { kind: 'serial', port: pty.path },
        mqtt: { url: `mqtt://127.0.0.1:${port}` },
      }),
    ]);
    await agent.said(/underfoot is running/);
    const late = await startMosquitto({ port });
    const watcher = await TestClient.open(late.url, `${base}/status`);
    await watcher.wait(said('status'), 'the status', 30_000);
    await watcher.close();
    assert.equal(await agent.ended('SIGINT'), 0);
    await late.close();
  });

  test('counts damaged lines, wrong column counts and NaN, and goes on predicting', async () => {
    const mqtt = await start();
    const drive = driver('CARPET');
    const lines = drive(12);
    lines.splice(100, 0, 'garb\x00age\n');
    lines.splice(200, 0, '1.0,2.0\n', '1,2,3,4,5,6\n');
    lines[400] = lines[400].replace(/,[\d.-]+,/, ',NaN,');
    await pty.writeAll(lines.join(''));
    const { json } = await mqtt.wait(
      said('diagnostics', (d) => d.windows >= 3 && d.samples > 590),
      'diagnostics',
    );
    const damaged = 'garb?age\n1.0,2.0\n1,2,3,4,5,6\n'.length + lines[400].length;
    assert.ok(json.discardedBytes >= damaged, `${json.discardedBytes}`);
    assert.ok(mqtt.on(`${base}/prediction`).every((m) => m.json.label === 'CARPET'));
  });

  test('reloads at SIGHUP without losing a window, and goes on when the new configuration is wrong', async () => {
    const mqtt = await start();
    const drive = driver('SAND');
    await pty.writeAll(drive(10).join(''));
    await mqtt.wait(
      said('prediction', (p) => p.windowIndex === 5),
      'six windows',
    );
    agent!.child.kill('SIGHUP');
    await agent!.said(/configuration reloaded/);
    await pty.writeAll(drive(5).join(''));
    await mqtt.wait(
      said('prediction', (p) => p.windowIndex === 10),
      'the windows after',
    );
    writeConfig(folder, { robotID: 'typo' });
    agent!.child.kill('SIGHUP');
    await agent!.said(/robotID.*not reloaded/);
    await pty.writeAll(drive(5).join(''));
    await mqtt.wait(
      said('prediction', (p) => p.windowIndex === 15),
      'the windows after that',
    );
    const indices = mqtt.on(`${base}/prediction`).map(({ json }) => json.windowIndex);
    assert.deepEqual(
      indices,
      indices.map((_, i) => i),
    );
    const ends = mqtt.on(`${base}/prediction`).map(({ json }) => json.endUs);
    for (let i = 1; i < ends.length; i++) assert.ok(Math.abs(ends[i] - ends[i - 1] - 1e6) < 1, `${ends[i]}`);
  });
});
