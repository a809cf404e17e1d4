/**
 * The service as an operator has it: installed into a machine that systemd runs (PID 1 of namespaces with writable
 * memory over /etc, /usr and /var), a robot on a pseudo terminal, a mosquitto.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { drive } from '../../agent/simulate/drive.ts';
import { type BuiltPackage, buildPackage } from '../helpers/built-package.ts';
import { freePort, type Mosquitto, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import { openTestPty, type TestPty } from '../helpers/pty.ts';
import { bootSystemd, overlayRoot, type Systemd, systemdMissing } from '../helpers/systemd.ts';

const skip = systemdMissing() || noMosquitto;
const node = process.execPath;
const config = '/etc/underfoot/underfoot.yaml';
/** A minute until the watchdog bites is too long for a test; all else of the unit stays as it is. */
const watchdogSeconds = 4;

describe('underfoot under systemd', { skip }, () => {
  let built: BuiltPackage;
  let systemd: Systemd;
  let mosquitto: Mosquitto;
  let pty: TestPty;
  let mqtt: TestClient;
  let folder: string;
  let driving: Promise<void>;
  let dashboardPort: number;
  const stopDriving = new AbortController();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'underfoot-systemd-'));
    mkdirSync(join(folder, 'units'));
    [built, mosquitto, pty, dashboardPort] = [
      buildPackage(),
      await startMosquitto(),
      await openTestPty(),
      await freePort(),
    ];
    // A pseudo terminal has no group dialout.
    chmodSync(pty.path, 0o666);
    driving = drive({
      seed: 7,
      rateHz: 50,
      speed: 1,
      write: (text) => pty.writeAll(text),
      signal: stopDriving.signal,
    });
    mqtt = await TestClient.open(mosquitto.url, 'underfoot/husky-1/#');
    systemd = await bootSystemd(join(folder, 'units'), 240);
    await overlayRoot(systemd);
  });
  after(async () => {
    stopDriving.abort();
    await driving;
    await systemd.close();
    await mqtt.close();
    await pty.close();
    await mosquitto.close();
    built.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function good(line: string): Promise<string> {
    const { code, output } = await systemd.run(line);
    assert.equal(code, 0, `${line}\n${output}\n${await log()}`);
    return output;
  }
  const log = async () => (await systemd.run('cat /var/lib/underfoot/log 2>/dev/null | tail -20')).output;
  const show = async (property: string) => await good(`systemctl show -P ${property} underfoot`);
  type Holds = (json: TestClient['received'][number]['json']) => boolean;
  const saidSince = (from: number, name: string, holds: Holds) =>
    mqtt.wait((m) => m.topic.endsWith(`/${name}`) && holds(m.json), name, 40_000, from);
  const predicts = () => saidSince(mqtt.received.length, 'prediction', () => true);
  /** Lines added to the unit as by `systemctl edit`. */
  async function edit(name: string, ...lines: string[]): Promise<void> {
    const drop = '/run/systemd/system/underfoot.service.d';
    await good(
      `mkdir -p ${drop}; printf '%s\\n' '[Service]' ${lines.map((l) => `'${l}'`).join(' ')} >${drop}/${name}.conf; systemctl daemon-reload`,
    );
  }

  test('`underfoot install` makes the user, the folders, the unit and the command, and enables it', async () => {
    const said = await good(`${node} ${built.folder}/dist/agent/cli.js install`);
    assert.match(said, /Next: underfoot init/);
    assert.match(await good('id underfoot'), /\(dialout\)/);
    assert.equal(await good('systemctl is-enabled underfoot'), 'enabled');
    assert.match(await good('stat -c "%a %U %G" /var/lib/underfoot'), /^750 underfoot underfoot$/);
    // Where the unit says that its documentation is.
    await good('test -s "$(systemctl show -P Documentation underfoot | sed s,^file:,,)"');
    await good(`underfoot config check ${config}`);
  });

  test('`underfoot init` replaces the example with what it hears on the port, readable by the service', async () => {
    const init = `underfoot init --yes --robot husky-1 --port ${pty.path} --baud 115200 --seconds 1 --model demo-six-surfaces`;
    const said = await good(`${init} --broker ${mosquitto.url}`);
    assert.match(said, /this is text at 115200 baud/);
    assert.match(await good(`stat -c "%a %U %G" ${config}`), /^640 root underfoot$/);
    await good(`underfoot config check ${config}`);
    const { code, output } = await systemd.run(`${init} --broker ${mosquitto.url}`);
    assert.equal(code, 73, output);
    assert.match(output, /is there already; --force replaces it/);
    await good(`printf 'dashboard: { port: ${dashboardPort} }\\n' >>${config}`);
  });

  test('a wrong configuration fails with 78 and is not tried again', async () => {
    await edit('test', 'StandardError=append:/var/lib/underfoot/log', `WatchdogSec=${watchdogSeconds}`);
    await good(`cp ${config} /run/good.yaml; sed -i s/robotId/robotID/ ${config}`);
    const { code } = await systemd.run('systemctl start underfoot');
    assert.notEqual(code, 0);
    assert.deepEqual(
      [await show('ActiveState'), await show('ExecMainStatus'), await show('NRestarts')],
      ['failed', '78', '0'],
    );
    assert.match(await log(), /robotID/);
    await good(`cat /run/good.yaml >${config}; systemctl reset-failed underfoot`);
  });

  test('without any network and without its device it is ready, and says what it waits for', async () => {
    await edit('network', 'PrivateNetwork=yes');
    await good(`sed -i s:${pty.path}:/dev/serial/by-id/usb-None-if00: ${config}`);
    await good('systemctl start underfoot');
    await systemd.until('systemctl show -P StatusText underfoot', /degraded: .*usb-None-if00.*plugged in/);
    assert.equal(await show('ActiveState'), 'active');
    for (const property of ['After', 'Wants', 'Requires'])
      assert.doesNotMatch(await show(property), /network/, property);
    await good(`systemctl stop underfoot; cat /run/good.yaml >${config}`);
    await good('rm /run/systemd/system/underfoot.service.d/network.conf; systemctl daemon-reload');
  });

  test('`systemctl start` returns when the model is loaded, the port open and the broker reached', async () => {
    const from = mqtt.received.length;
    await good('systemctl start underfoot');
    const isUp: Holds = ({ model, source }) =>
      model?.name === 'demo-six-surfaces' && source?.state === 'open';
    await saidSince(from, 'status', isUp);
    await predicts();
    await systemd.until('systemctl show -P StatusText underfoot', /drift (warming|stable)/);
    const ready = await good(`curl -fsS http://127.0.0.1:${dashboardPort}/readyz`);
    assert.equal(JSON.parse(ready).ready, true);
  });

  test('running, it is exposed by at most 1.6, and doctor finds no problem', async () => {
    const security = await good('systemd-analyze security --no-pager underfoot.service');
    const exposure = Number(/Overall exposure level for underfoot.service: ([\d.]+)/.exec(security)?.[1]);
    assert.ok(exposure <= 1.6, security);
    const { output } = await systemd.run('underfoot doctor --json');
    const { checks } = JSON.parse(output) as { checks: { name: string; outcome: string }[] };
    const outcomes = Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));
    for (const name of ['configuration', 'port', 'broker', 'unit', 'hardening'])
      assert.equal(outcomes[name], 'ok', output);
  });

  test('a reload takes a new configuration without losing a window', async () => {
    const predictions = () => mqtt.on('underfoot/husky-1/prediction').map(({ json }) => json);
    const before = predictions().length;
    const pid = await show('MainPID');
    // What a reload says can be here before systemctl returns.
    let from = mqtt.received.length;
    await good(`printf 'engine: tfjs\\n' >>${config}; systemctl reload underfoot`);
    await saidSince(from, 'status', ({ model }) => model?.engine.startsWith('tfjs'));
    await predicts();
    assert.equal(await show('MainPID'), pid);
    const windows = predictions().slice(before);
    for (let i = 1; i < windows.length; i++) {
      assert.equal(windows[i].windowIndex, windows[i - 1].windowIndex + 1);
      assert.ok(Math.abs(windows[i].endUs - windows[i - 1].endUs - 1e6) < 1);
    }
    from = mqtt.received.length;
    await good(`cat /run/good.yaml >${config}; systemctl reload underfoot`);
    await saidSince(from, 'status', ({ model }) => model?.engine.startsWith('onnx'));
  });

  test('killed with -9 it is back and predicts', async () => {
    await good('kill -9 $(systemctl show -P MainPID underfoot)');
    await systemd.until('systemctl show -P NRestarts underfoot', /^1$/);
    await predicts();
    assert.equal(await show('ActiveState'), 'active');
  });

  test('hung it gets no ping, is killed by the watchdog, and is back and predicts', async () => {
    const pid = await show('MainPID');
    const startMs = performance.now();
    await good(`kill -STOP ${pid}`);
    await systemd.until('systemctl show -P NRestarts underfoot', /^2$/, 60_000);
    assert.ok(performance.now() - startMs > 0.5 * watchdogSeconds * 1000);
    assert.notEqual(await show('MainPID'), pid);
    await predicts();
  });

  test('a stop takes less than 2 s and closes the recording', async () => {
    const post = (path: string, body: object) =>
      `curl -fsS -X POST -H 'content-type: application/json' -d '${JSON.stringify(body)}' http://127.0.0.1:${dashboardPort}${path}`;
    const from = mqtt.received.length;
    await good(post('/api/record/start', { label: 'SAND' }));
    await saidSince(from, 'recording', ({ state, durationS }) => state === 'recording' && durationS > 0);
    const stopping = mqtt.received.length;
    const startMs = performance.now();
    await good('systemctl stop underfoot');
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs < 2000, `${tookMs} ms`);
    assert.equal(await show('Result'), 'success');
    const files = await good('ls /var/lib/underfoot/sessions');
    assert.match(files, /\.mcap$/m);
    assert.doesNotMatch(files, /partial/);
    await good('underfoot sessions verify /var/lib/underfoot/sessions/*');
    await saidSince(
      stopping,
      'status',
      ({ state, reasons }) => state === 'offline' && reasons[0] === 'stopped',
    );
  });

  test('`underfoot uninstall` takes the program and leaves configuration and recordings', async () => {
    await good('underfoot uninstall');
    assert.notEqual((await systemd.run('systemctl cat underfoot')).code, 0);
    // The shell remembers where a command was.
    assert.notEqual((await systemd.run('hash -r; command -v underfoot')).code, 0);
    await good(`test -e ${config} && ls /var/lib/underfoot/sessions/*.mcap`);
  });
});

test('curl is there for the dashboard', { skip }, () => {
  assert.equal(spawnSync('curl', ['--version']).status, 0);
});
