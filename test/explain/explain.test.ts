import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadCard, modelFolder } from '../../agent/model/card-file.ts';
import { loadModel } from '../../agent/model/load.ts';
import { writeDrive } from '../helpers/simulated-csv.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-explain-'));
after(() => rmSync(folder, { recursive: true }));

function underfoot(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'agent/cli.ts', ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code as number), stdout, stderr }),
    );
  });
}

test('drift explain writes one page that fetches nothing, with what moved and the states', async () => {
  const data = join(folder, 'heavy.csv');
  const out = join(folder, 'heavy.html');
  writeDrive(data, { label: 'GRASS', seed: 9100, seconds: 90, gain: 2.2 });
  const { code, stdout, stderr } = await underfoot(
    'drift',
    'explain',
    data,
    '-m',
    'demo-six-surfaces',
    '-o',
    out,
    '--json',
  );
  assert.equal(code, 0, stderr);
  const { moved, states } = JSON.parse(stdout);
  assert.ok(states.some((s: { state: string }) => s.state === 'drift'));
  const html = readFileSync(out, 'utf8');
  for (const part of ['Drift in heavy', 'What moved', moved[0].what, 'curL.mean', '<svg'])
    assert.ok(html.includes(part), part);
  assert.doesNotMatch(html, /<script|<link|src=|href=/);
});

test('drift explain asks for a model where the recording names none', async () => {
  const data = join(folder, 'plain.csv');
  writeDrive(data, { label: 'GRASS', seed: 9101, seconds: 10 });
  const { code, stderr } = await underfoot('drift', 'explain', data);
  assert.equal(code, 64);
  assert.match(stderr, /found no model in it, expected --model/);
});

test('models rebaseline keeps the model, remembers why, and calls the new normal normal', async () => {
  const now = join(folder, 'now');
  for (const label of ['GRASS', 'ASPHALT', 'SAND'])
    for (const seed of [1, 2])
      writeDrive(join(now, label, `${seed}.csv`), { label, seed: 9200 + seed, seconds: 60, gain: 2.2 });
  const out = join(folder, 'rebaselined');
  const args = ['--model', 'demo-six-surfaces', '--data', now, '--out', out, '--json'];
  const { code, stdout, stderr } = await underfoot(
    'models',
    'rebaseline',
    ...args,
    '--reason',
    'twice the weight',
  );
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).reason, 'twice the weight');
  const [before, card] = [loadCard(modelFolder('demo-six-surfaces')), loadCard(out)];
  const [entry] = card.rebaselined!;
  assert.equal(entry.recordings, 6);
  const kept = readFileSync(join(out, entry.previous.file));
  assert.equal(createHash('sha256').update(kept).digest('hex'), entry.previous.sha256);
  assert.deepEqual(JSON.parse(kept.toString()).reference, before.reference);
  for (const [name, hash] of Object.entries(before.files)) assert.equal(card.files[name], hash);
  assert.deepEqual(Object.keys(card.reference.surfaces!).sort(), ['ASPHALT', 'GRASS', 'SAND']);
  assert.ok(card.reference.inputs['curL.mean'].mean > 1.3 * before.reference.inputs['curL.mean'].mean);
  const loaded = await loadModel(out);
  await loaded.classifier.close();
  const again = join(folder, 'grass.csv');
  writeDrive(again, { label: 'GRASS', seed: 9300, seconds: 60, gain: 2.2 });
  const page = join(folder, 'again.html');
  const explained = await underfoot('drift', 'explain', again, '-m', out, '-o', page, '--json');
  const states = JSON.parse(explained.stdout).states as { state: string; windows: number }[];
  const windows = states.reduce((sum, s) => sum + s.windows, 0);
  const drifted = states.filter((s) => s.state === 'drift').reduce((sum, s) => sum + s.windows, 0);
  assert.ok(drifted < 0.2 * windows, `${drifted} of ${windows}`);
});

test('models rebaseline refuses too little data, and to change a model that ships', async () => {
  const data = join(folder, 'little.csv');
  writeDrive(data, { label: 'GRASS', seed: 9400, seconds: 10 });
  const to = (...more: string[]) =>
    underfoot(
      'models',
      'rebaseline',
      '-m',
      'demo-six-surfaces',
      '--data',
      data,
      '--reason',
      'new tyres',
      ...more,
    );
  const little = await to('--out', join(folder, 'little'));
  assert.equal(little.code, 65);
  assert.match(little.stderr, /found \d+ windows, expected at least 50/);
  assert.ok(!existsSync(join(folder, 'little')));
  const ships = await to();
  assert.equal(ships.code, 64);
  assert.match(ships.stderr, /ships with underfoot/);
});
