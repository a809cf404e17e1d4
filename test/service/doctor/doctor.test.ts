import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { loadConfig } from '../../../agent/config/load.ts';
import { protocolSchema } from '../../../agent/protocol/registry.ts';
import { startEmbeddedBroker } from '../../../agent/publish/embedded-broker.ts';
import type { CheckResult, Patient, ProgramResult } from '../../../agent/service/doctor/check.ts';
import { checkBroker } from '../../../agent/service/doctor/check-broker.ts';
import { checkClock, checkHardening, checkUnit } from '../../../agent/service/doctor/check-machine.ts';
import { checkBytes, checkGroup, checkPort } from '../../../agent/service/doctor/check-port.ts';
import { examine } from '../../../agent/service/doctor/examine.ts';
import { createSimulatedDevice } from '../../../agent/simulate/devices/registry.ts';
import { SimulatedRobot } from '../../../agent/simulate/robot.ts';
import { RobotCurrent } from '../../../agent/simulate/robot-current.ts';
import { type ServedDevice, serveDevice } from '../../../agent/simulate/serve.ts';

let folder: string;
let served: ServedDevice;
const protocol = { name: 'text', columns: [1, 2], time: { column: 0, unit: 'us' } };
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'underfoot-doctor-'));
  mkdirSync(join(folder, 'model'));
  const current = new RobotCurrent(new SimulatedRobot({ seed: 1, rateHz: 100, dwellS: 9, load: 1 }), 100);
  served = await serveDevice(createSimulatedDevice(protocolSchema.parse(protocol), current.at, 100));
});
after(async () => {
  await served.close();
  rmSync(folder, { recursive: true });
});

/** A machine where programs answer as the test says. */
function patient(change: object = {}, programs: Record<string, ProgramResult> = {}): Patient {
  const file = join(folder, 'underfoot.yaml');
  const source = { kind: 'serial', port: served.path };
  writeFileSync(file, stringify({ robotId: 'a', source, protocol, model: './model', mqtt: {}, ...change }));
  return {
    configFile: file,
    stateFolder: folder,
    listenS: 1,
    run: (command, args) => programs[`${command} ${args[0]}`] ?? { code: Number.NaN, output: '' },
    config: loadConfig(file),
  };
}

const says = (result: CheckResult, outcome: CheckResult['outcome'], found: RegExp, todo?: RegExp) => {
  assert.equal(result.outcome, outcome, `${result.found} -> ${result.todo}`);
  assert.match(result.found, found);
  if (todo) assert.match(result.todo ?? '', todo);
};

test('a good port with good bytes is good', async () => {
  says(await checkPort(patient()), 'ok', /\/dev\/pts\/\d+/);
  says(await checkBytes(patient()), 'ok', /100 % of \d+ bytes understood, (9\d|10\d)\.\d readings a second/);
});

test('a wrong protocol is seen in the bytes', async () => {
  const wrong = patient({ protocol: { name: 'underfoot' } });
  says(await checkBytes(wrong), 'problem', /0 % of/, /check baud rate \(115200\) and protocol \(underfoot\)/);
});

test('bytes are left to the service while it runs', async () => {
  const running = patient({}, { 'systemctl is-active': { code: 0, output: '' } });
  says(await checkBytes(running), 'skipped', /the service has the port/);
});

test('a missing port, and a path that is no port, are told apart', async () => {
  const port = (path: string) => patient({ source: { kind: 'serial', port: path } });
  says(await checkPort(port('/dev/ttyNONE')), 'problem', /no such port/, /plugged in/);
  says(await checkPort(port(folder)), 'problem', /is no device/, /underfoot ports/);
});

test('a user outside of the group of the port is told how to get in', async () => {
  const groups = (own: string, port = 'dialout 660') =>
    patient({}, { 'id -nG': { code: 0, output: own }, 'stat -Lc': { code: 0, output: port } });
  says(await checkGroup(groups('underfoot dialout')), 'ok', /underfoot is in dialout/);
  says(
    await checkGroup(groups('underfoot')),
    'problem',
    /belongs to dialout/,
    /usermod -aG dialout underfoot/,
  );
  says(await checkGroup(groups('underfoot', 'root 666')), 'ok', /everybody/);
  says(await checkGroup(groups('underfoot', 'root 660')), 'problem', /belongs to root/, /chgrp dialout/);
});

test('a broker that takes us, and one that is not there', async () => {
  const broker = await startEmbeddedBroker();
  says(await checkBroker(patient({ mqtt: { url: broker.url } })), 'ok', /took the connection/);
  await broker.close();
  says(
    await checkBroker(patient({ mqtt: { url: broker.url } })),
    'problem',
    /ECONNREFUSED/,
    /no broker listens/,
  );
});

test('a unit that failed, one that restarts too often and a loosened one are found', async () => {
  const unit = (lines: string) =>
    patient(
      {},
      { 'systemctl show': { code: 0, output: `LoadState=loaded\nUnitFileState=enabled\n${lines}` } },
    );
  const good = 'ActiveState=active\nSubState=running\nNRestarts=0';
  says(await checkUnit(unit(good)), 'ok', /^active \(running\), enabled, 0 restarts/);
  says(await checkUnit(unit(good.replace('=0', '=9'))), 'warning', /9 restarts/, /journalctl/);
  const failed = unit('ActiveState=failed\nSubState=failed\nNRestarts=0\nResult=exit-code');
  says(await checkUnit(failed), 'problem', /failed.*exit-code/, /journalctl/);
  const exposed = (e: number) => ({
    'systemd-analyze security': {
      code: 0,
      output: `→ Overall exposure level for underfoot.service: ${e} OK`,
    },
  });
  says(await checkHardening(patient({}, exposed(1.4))), 'ok', /1\.4/);
  says(await checkHardening(patient({}, exposed(5.2))), 'warning', /5\.2/, /systemctl cat/);
});

test('a clock that is not synchronised is a warning', async () => {
  const clock = (output: string) => patient({}, { 'timedatectl show': { code: 0, output } });
  says(await checkClock(clock('yes')), 'ok', /synchronised/);
  says(await checkClock(clock('no')), 'warning', /not synchronised/, /set-ntp/);
});

test('an examination goes on after a problem, and every problem says what to do', async () => {
  const results = await examine({ ...patient(), configFile: join(folder, 'none.yaml'), config: undefined });
  assert.equal(results.length, 12);
  assert.equal(results.find((r) => r.name === 'configuration')?.outcome, 'problem');
  for (const { name, outcome, todo } of results) {
    if (outcome === 'problem' || outcome === 'warning') assert.ok(todo, name);
  }
});
