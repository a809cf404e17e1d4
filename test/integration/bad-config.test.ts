/** A configuration that is wrong ends `underfoot run` with 78 and says file, key, what was found, what was expected. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { packageRoot } from '../../agent/package-root.ts';
import { startCli, writeConfig } from '../helpers/agent-process.ts';

const root = mkdtempSync(join(tmpdir(), 'underfoot-bad-'));
after(() => rmSync(root, { recursive: true }));
const newFolder = () => mkdtempSync(join(root, 'case-'));

/** A model folder in which something is changed. */
function changedModel(folder: string, file: string, change: (text: string) => string): string {
  const copy = join(folder, 'model');
  cpSync(join(packageRoot, 'models/demo-six-surfaces'), copy, { recursive: true });
  writeFileSync(join(copy, file), change(readFileSync(join(copy, file), 'latin1')), 'latin1');
  return copy;
}

function calibration(folder: string, change: object): string {
  const file = join(folder, 'rover.calibration.yaml');
  const channel = { unit: 'A', offset: 0, gain: 1, validRange: [-30, 30] };
  const channels = ['curL', 'curR'].map((name) => ({ name, ...channel, ...change }));
  const created = '2026-01-02T03:04:05.000Z';
  writeFileSync(
    file,
    stringify({ schemaVersion: 1, robot: 'rover', created, by: 'me', method: 'by hand', channels }),
  );
  return file;
}

const cases: [string, (folder: string) => Record<string, unknown>, RegExp][] = [
  [
    'an unknown key',
    () => ({ modle: 'x' }),
    /robot\.yaml: modle: found unknown key "modle", expected model\n/,
  ],
  [
    'an unknown key of a section that knows it in another spelling',
    () => ({ source: { kind: 'serial', port: '/dev/x', baudrate: 9600 } }),
    /robot\.yaml: source\.baudrate: found unknown key "baudrate", expected baudRate\n/,
  ],
  [
    'an unknown key that is like none',
    () => ({ source: { kind: 'tcp', host: 'x', port: 1, baudRate: 9600 } }),
    /source\.baudRate: found unknown key "baudRate", expected one of kind, host, port, silenceS\n/,
  ],
  [
    'a section outside of the one that it belongs in',
    () => ({ homeAssistant: { enabled: true } }),
    /robot\.yaml: homeAssistant: found unknown key "homeAssistant", expected mqtt\.homeAssistant\n/,
  ],
  [
    'a column that the header does not have',
    () => ({ protocol: { name: 'text', header: ['time', 'curL'], columns: ['curL', 'curX'] } }),
    /robot\.yaml: protocol\.columns: found \["curL","curX"\], expected columns of the header \(time, curL\); curX is none/,
  ],
  [
    'a wrong kind of value',
    () => ({ nominalRateHz: 'fast' }),
    /robot\.yaml: nominalRateHz: found "?fast"?.*expected/,
  ],
  [
    'a calibration in a wrong unit',
    (folder) => ({ calibration: calibration(folder, { unit: 'mA' }) }),
    /rover\.calibration\.yaml: channels\.0\.unit: found "mA", expected "A"/,
  ],
  [
    'a model that is not there',
    () => ({ model: 'no-such' }),
    /robot\.yaml: model: found "no-such", and no folder .*no-such, expected a model folder with card.json, or one of .*husky/,
  ],
  [
    'a model file that is not the card’s',
    (folder) => ({ model: changedModel(folder, 'model.onnx', (text) => `${text} `) }),
    /model\.onnx: SHA-256: found .*expected/,
  ],
  [
    'a card with other windows than the model',
    (folder) => ({
      model: changedModel(folder, 'card.json', (text) => text.replace('"steps": 100', '"steps": 99')),
    }),
    /card\.json: selfTest\.windows\.0\.data: found 200 numbers, expected 198/,
  ],
  [
    'a channel that the protocol does not have',
    () => ({ protocol: { name: 'text', columns: [{ column: 1, channel: 'amps' }] } }),
    /robot\.yaml: protocol\.columns: found channels amps, expected channel curL/,
  ],
  [
    'a password file that is not there',
    () => ({ mqtt: { url: 'mqtt://127.0.0.1:1', usernameFile: 'user', passwordFile: 'pass' } }),
    /user.*found .*expected/,
  ],
  [
    'a longest pause that is shorter than the first one',
    () => ({ mqtt: { url: 'mqtt://127.0.0.1:1', reconnectMinMs: 5000, reconnectMaxMs: 4000 } }),
    /robot\.yaml: mqtt\.reconnectMaxMs: found 4000, expected at least mqtt\.reconnectMinMs/,
  ],
  [
    'a password in the URL',
    () => ({ mqtt: { url: 'mqtt://me:secret@host' } }),
    /robot\.yaml: mqtt\.url: found .*expected .*without credentials/,
  ],
];

describe('a wrong configuration ends underfoot run', { concurrency: 3 }, () => {
  for (const [what, change, message] of cases) {
    test(`${what}: with 78 and one clear line, not a stack trace`, async () => {
      const folder = newFolder();
      const agent = startCli(['run', '--config', writeConfig(folder, change(folder))]);
      assert.equal(await agent.ended(), 78, agent.output());
      assert.match(agent.output(), message);
      assert.doesNotMatch(agent.output(), /\n\s+at /);
      assert.doesNotMatch(agent.output(), /secret/);
    });
  }
});

test('a configuration that is not there, or no YAML, ends with 78', async () => {
  const missing = startCli(['run', '--config', join(root, 'none.yaml')]);
  assert.equal(await missing.ended(), 78);
  assert.match(missing.output(), /none\.yaml: found .*expected a readable YAML file/);
  const file = join(newFolder(), 'robot.yaml');
  writeFileSync(file, 'robotId: [\n');
  const broken = startCli(['run', '--config', file]);
  assert.equal(await broken.ended(), 78);
  assert.match(broken.output(), /robot\.yaml: line \d+: found .*expected YAML/);
});
