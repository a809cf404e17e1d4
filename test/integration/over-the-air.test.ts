/** A model comes over the air to an `underfoot run` of its own, as an operator would send it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadCard, modelFolder } from '../../agent/model/card-file.ts';
import { packageRoot } from '../../agent/package-root.ts';
import { drive } from '../../agent/simulate/drive.ts';
import { startCli, writeConfig } from '../helpers/agent-process.ts';
import { noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import { openTestPty } from '../helpers/pty.ts';

/** The model that ships, older than those announced here. */
const shipped = `demo-six-surfaces@${loadCard(modelFolder('demo-six-surfaces')).version}`;

test('a signed model is announced, tried, taken without missing a window, kept through kill -9, and rolled back for good', {
  skip: noMosquitto,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-air-'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(folder, 'fleet.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(folder, 'fleet.pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  mkdirSync(join(folder, 'models'));
  const mosquitto = await startMosquitto({ lines: ['persistence true', 'persistence_location FOLDER/'] });
  const pty = await openTestPty();
  const stop = new AbortController();
  const driving = drive({
    seed: 2001,
    rateHz: 50,
    labels: ['SAND'],
    dwellS: 36_000,
    speed: 5,
    signal: stop.signal,
    write: (text) => pty.writeAll(text),
  });
  const config = writeConfig(folder, {
    source: { kind: 'serial', port: pty.path },
    mqtt: {
      url: mosquitto.url,
      models: { folder: 'models', publicKeys: ['fleet.pub.pem'], shadowWindows: 5 },
    },
  });
  let agent = startCli(['run', '--config', config]);
  const mqtt = await TestClient.open(mosquitto.url, ['underfoot/rover/+', 'underfoot/reply/+'], {
    reconnectPeriod: 100,
  });
  t.after(async () => {
    if (agent.child.exitCode === null) await agent.ended('SIGKILL');
    stop.abort();
    await driving;
    await mqtt.close();
    await pty.close();
    await mosquitto.close();
    rmSync(folder, { recursive: true });
  });
  await agent.said(/underfoot is running/);
  const report = (state: string, reason: RegExp, model: string) =>
    mqtt.wait(
      ({ topic, json }) =>
        topic === 'underfoot/rover/model' &&
        json.state === state &&
        json.model === model &&
        reason.test(json.reason ?? ''),
      `${state} ${model} because of ${reason}`,
    );
  /** As `underfoot announce` does it, with a card of another version. */
  const announce = (
    version: string,
    change: (card: { selfTest: { windows: { probabilities: number[] }[] } }) => void = () => {},
  ) => {
    const model = join(folder, `demo-${version}`);
    cpSync(modelFolder('demo-six-surfaces'), model, { recursive: true });
    const card = { ...JSON.parse(readFileSync(join(model, 'card.json'), 'utf8')), version };
    change(card);
    writeFileSync(join(model, 'card.json'), JSON.stringify(card));
    const bundle = `${model}.zip`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'agent/cli.ts', 'announce', model, `--bundle=${bundle}`].concat(
        `--url=file://${bundle} --key=${join(folder, 'fleet.pem')} --broker=${mosquitto.url}`.split(' '),
      ),
      { cwd: packageRoot, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
  };

  // Right files, but not what the card promises of them.
  announce('9.0.1', ({ selfTest }) => selfTest.windows[0].probabilities.reverse());
  await report('rejected', /selfTest.windows.0.probabilities/, 'demo-six-surfaces@9.0.1');

  announce('9.0.2');
  await report('active', /on trial/, 'demo-six-surfaces@9.0.2');
  await report('active', /^$/, 'demo-six-surfaces@9.0.2');
  const predictions = () => mqtt.on('underfoot/rover/prediction').map(({ json }) => json);
  const models = [...new Set(predictions().map((p) => p.model))];
  assert.deepEqual(models, [shipped, 'demo-six-surfaces@9.0.2']);
  const first = predictions()[0].windowIndex;
  assert.deepEqual(
    predictions().map((p) => p.windowIndex),
    predictions().map((_, i) => first + i),
  );

  await agent.ended('SIGKILL');
  agent = startCli(['run', '--config', config]);
  await mqtt.wait(
    ({ topic, json }) =>
      topic.endsWith('/prediction') && json.model.endsWith('@9.0.2') && json.sequence === 1,
    'a prediction of the next start',
  );
  const properties = { responseTopic: 'underfoot/reply/air', correlationData: Buffer.from('1') };
  await mqtt.client.publishAsync('underfoot/rover/command/model', '{"action":"rollback"}', {
    qos: 1,
    properties,
  });
  const { json: answer } = await mqtt.wait((m) => m.topic === 'underfoot/reply/air', 'the answer');
  assert.equal(answer.result?.active, shipped, JSON.stringify(answer));

  await mosquitto.stop();
  await mosquitto.restart();
  await report('rejected', /a request chose another model/, 'demo-six-surfaces@9.0.2');
  assert.equal(await agent.ended('SIGTERM'), 0);
});
