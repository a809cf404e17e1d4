import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import { stringify } from 'yaml';
import { loadConfig } from '../../../agent/config/load.ts';
import { writeBundle } from '../../../agent/service/doctor/bundle.ts';
import type { CheckResult } from '../../../agent/service/doctor/check.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-bundle-'));
after(() => rmSync(folder, { recursive: true }));
const base = {
  robotId: 'rover',
  source: { kind: 'serial', port: '/dev/ttyS0' },
  protocol: { name: 'underfoot', channels: ['curL'] },
  model: 'demo-six-surfaces',
};

/** The files of a bundle made where programs say `outputs` (by program and first word). */
function bundleOf(
  configuration: object,
  outputs: Record<string, string>,
  results: readonly CheckResult[] = [],
): Record<string, string> {
  const configFile = join(folder, 'underfoot.yaml');
  writeFileSync(configFile, stringify(configuration));
  let config: ReturnType<typeof loadConfig> | undefined;
  try {
    config = loadConfig(configFile);
  } catch {
    // Some of these are wrong on purpose.
  }
  const file = join(folder, 'bundle.zip');
  rmSync(file, { force: true });
  const run = (command: string, args: readonly string[]) => ({
    code: 0,
    output: outputs[`${command} ${args[0]}`] ?? '',
  });
  writeBundle(file, { configFile, stateFolder: folder, listenS: 1, run, config }, results);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const entries = Object.entries(unzipSync(readFileSync(file)));
  return Object.fromEntries(entries.map(([name, content]) => [name, strFromU8(content)]));
}

function secretFile(name: string, content: string): string {
  const file = join(folder, name);
  mkdirSync(join(folder, 'credentials'), { recursive: true });
  writeFileSync(file, `${content}\n`, { mode: 0o600 });
  return file;
}

test('it has what is needed, and what is no secret stays readable', () => {
  const unit = 'LoadCredential=underfoot:/etc/underfoot/credentials\nEnvironment=NODE_ENV=production';
  const log = '09:12 mqtt: connected to mqtt://10.0.0.5:1883; 12 keys, 3 tokens of the parser';
  const files = bundleOf(
    { ...base, mqtt: { passwordFile: '/etc/underfoot/mqtt-password' } },
    { 'systemctl cat': unit, 'journalctl -u': log },
  );
  assert.deepEqual(Object.keys(files).sort(), [
    'card.json',
    'configuration.yaml',
    'doctor.json',
    'journal.txt',
    'machine.txt',
    'status.txt',
    'unit.txt',
  ]);
  assert.equal(files['unit.txt'], unit);
  assert.equal(files['journal.txt'], log);
  assert.match(files['configuration.yaml'], /passwordFile: \/etc\/underfoot\/mqtt-password/);
});

test('the contents of secret files and credentials are taken out wherever they turn up', () => {
  const passwordFile = secretFile('password', 'hunter2-hunter2');
  secretFile('credentials/mqtt', 'correct horse battery');
  const files = bundleOf(
    { ...base, mqtt: { passwordFile } },
    {
      'journalctl -u': 'refused with hunter2-hunter2 today',
      'systemctl status': 'tried "correct horse battery" at the broker',
    },
  );
  assert.equal(files['journal.txt'], 'refused with (hidden) today');
  assert.equal(files['status.txt'], 'tried "(hidden)" at the broker');
});

test('secrets in a configuration that is wrong are taken out of all else', () => {
  const configuration = { ...base, mqtt: { url: 'mqtt://bob:s3cr3t-url@host', password: 'plain-pass' } };
  const found = 'found key password: plain-pass and mqtt://bob:s3cr3t-url@host';
  const files = bundleOf(configuration, { 'journalctl -u': found }, [
    { name: 'configuration', outcome: 'problem', found, todo: 'correct it' },
  ]);
  const all = Object.values(files).join('\n');
  for (const secret of ['plain-pass', 's3cr3t-url', 'bob']) assert.ok(!all.includes(secret), all);
});

test('secrets are known by their shape: in URLs, environments, headers, JSON and PEM', () => {
  const lines: Record<string, string> = {
    'wss://h/mqtt?sig=QUJDRA&se=9 closed': 'wss://h/mqtt?(hidden) closed',
    'https://u:p4ss@proxy:3128/': 'https://(hidden)@proxy:3128/',
    'Environment=MQTT_PASSWORD=p4ss': 'Environment=MQTT_PASSWORD=(hidden)',
    'Environment="API_TOKEN=p4ss" A=b': 'Environment="API_TOKEN=(hidden)" A=b',
    'authorization: Bearer p4ss': 'authorization: Bearer (hidden)',
    '{"msg":"x","token":"p4ss","n":1}': '{"msg":"x","token":"(hidden)","n":1}',
    '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----': '(hidden)',
  };
  for (const [line, clean] of Object.entries(lines)) {
    assert.equal(bundleOf(base, { 'journalctl -u': line })['journal.txt'], clean);
  }
});

test('its size is bounded: of a log that is too long the end is kept', () => {
  const line = `${'x'.repeat(99)}\n`;
  const files = bundleOf(base, { 'journalctl -u': `${line.repeat(50_000)}the newest` });
  assert.ok(files['journal.txt'].length < 1_000_200);
  assert.match(files['journal.txt'], /^\(\d+ characters before this are left out\)\nx+\n/);
  assert.ok(files['journal.txt'].endsWith('the newest'));
  assert.ok(statSync(join(folder, 'bundle.zip')).size < 100_000);
});
