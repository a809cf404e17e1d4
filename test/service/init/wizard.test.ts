import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../../agent/config/load.ts';
import { protocolSchema } from '../../../agent/protocol/registry.ts';
import { type InitAnswers, type Person, runInit } from '../../../agent/service/init/wizard.ts';
import { createSimulatedDevice } from '../../../agent/simulate/devices/registry.ts';
import { SimulatedRobot } from '../../../agent/simulate/robot.ts';
import { RobotCurrent } from '../../../agent/simulate/robot-current.ts';
import { type ServedDevice, serveDevice } from '../../../agent/simulate/serve.ts';
import { cardWith } from '../../calibrate/robot.ts';

let folder: string;
let served: ServedDevice;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'underfoot-init-'));
  const channels = [{ name: 'left', unit: 'A' }];
  mkdirSync(join(folder, 'model'));
  writeFileSync(join(folder, 'model/card.json'), JSON.stringify(cardWith(channels)));
  const spec = protocolSchema.parse({ name: 'text', columns: [1, 2], time: { column: 0, unit: 'us' } });
  const current = new RobotCurrent(new SimulatedRobot({ seed: 1, rateHz: 100, dwellS: 9, load: 1 }), 100);
  served = await serveDevice(createSimulatedDevice(spec, current.at, 100));
});
after(async () => {
  await served.close();
  rmSync(folder, { recursive: true });
});

function scene(change: Partial<InitAnswers> = {}) {
  const said: string[] = [];
  const person: Person = { say: (line) => said.push(line), ask: async (_, fallback) => fallback };
  const answers: InitAnswers = {
    out: join(folder, 'underfoot.yaml'),
    force: false,
    port: served.path,
    model: join(folder, 'model'),
    seconds: 1,
    ...change,
  };
  return { said, person, answers };
}

test('a talking sensor on a real pty becomes a configuration that the program accepts', async () => {
  const { said, person, answers } = scene();
  const file = await runInit(answers, person);
  const config = loadConfig(file);
  assert.equal(config.robotId, 'robot-1');
  assert.deepEqual(config.source, { ...config.source, kind: 'serial', port: served.path, baudRate: 115200 });
  assert.equal(config.protocol.name, 'text');
  assert.match(readFileSync(file, 'utf8'), /channel: left/);
  assert.match(
    said.join('\n'),
    /this is text at 115200 baud, (9\d|10\d)\.\d readings a second, 100 % understood/,
  );
  assert.ok(
    said.some((line) => /^ {2}\| \d+,/.test(line)),
    'live bytes are shown',
  );
});

test('a file that is there is not replaced without --force', async () => {
  const { person, answers } = scene();
  await assert.rejects(runInit(answers, person), /is there already/);
  await runInit({ ...answers, force: true }, person);
});

test('a port that does not exist, and a silent one, are explained', async () => {
  const missing = scene({ port: join(folder, 'none'), out: join(folder, 'a.yaml') });
  await assert.rejects(runInit(missing.answers, missing.person), /no such port/);
  const silent = await serveDevice({
    receive: () => undefined,
    tick: () => undefined,
    commands: 0,
    misunderstood: 0,
  });
  const quiet = scene({ port: silent.path, out: join(folder, 'a.yaml'), seconds: 0.3 });
  await assert.rejects(
    runInit(quiet.answers, quiet.person),
    /nothing was heard; a device that must be asked/,
  );
  await silent.close();
  assert.ok(!existsSync(join(folder, 'a.yaml')));
});

test('listening sends the device nothing', () => {
  assert.equal(served.device.commands + served.device.misunderstood, 0);
});
