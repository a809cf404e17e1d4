import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';
import { Publisher } from '../../agent/publish/publisher.ts';
import { WatchState } from '../../agent/publish/watch-state.ts';
import { noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { startUnderfoot } from '../helpers/underfoot.ts';
import * as example from './examples.ts';

const envelope = {
  schemaVersion: 1,
  robotId: 'r1',
  bootId: 'b',
  time: '2026-01-02T03:04:05.678Z',
  clockSynchronised: null,
};
const bytes = (body: object, sequence = 1) => Buffer.from(JSON.stringify({ ...envelope, sequence, ...body }));

test('the view shows what was reported, and counts holes in the sequence', () => {
  const state = new WatchState('underfoot');
  assert.deepEqual(state.render(0), ['waiting for a robot ...']);
  state.update('underfoot/r1/status', bytes(example.status), 0);
  state.update('underfoot/r1/prediction', bytes(example.prediction, 1), 0);
  state.update('underfoot/r1/prediction', bytes(example.prediction, 4), 0);
  state.update('underfoot/r1/drift', bytes(example.drift), 0);
  const text = state.render(3000).join('\n');
  assert.match(text, /^r1 +online {3}demo@1 {3}\/dev\/ttyACM0 open$/m);
  assert.match(text, /surface +grass +█{18}·· 0\.90/);
  assert.match(text, /lost 2/);
  assert.match(text, /drift +warning {3}confidence 4\.0\/8\.0/);
  assert.match(text, /heard +3 s ago/);
});

test('what is no report changes nothing', () => {
  const state = new WatchState('underfoot');
  for (const [topic, payload] of [
    ['underfoot/r1/command/ping', '{}'],
    ['underfoot/r1/status', 'not json'],
    ['underfoot/r1/status', '{}'],
    ['underfoot/a b/status', '{}'],
    ['other/r1/status', '{}'],
  ]) {
    assert.equal(state.update(topic, Buffer.from(payload), 0), undefined);
  }
  assert.equal(state.robots.size, 0);
  assert.equal(state.strange, 2);
  assert.deepEqual(state.render(0), [
    'waiting for a robot ...',
    '2 messages were no reports of this version',
  ]);
});

test('control characters in a report do not reach the terminal', () => {
  const state = new WatchState('underfoot');
  const reasons = ['\u001b]0;mine\u0007', '\u009b31m'];
  state.update('underfoot/r1/status', bytes({ ...example.status, reasons }), 0);
  const text = state.render(0).join('\n');
  assert.match(text, /mine/);
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u);
});

test('a password on the command line is refused, without repeating it', () => {
  for (const option of ['--broker=mqtt://robot:geheim@127.0.0.1', '--password=geheim']) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(packageRoot, 'agent/cli.ts'), 'watch', '--json', option],
      { encoding: 'utf8' },
    );
    assert.ok(status === 78 || status === 64, `${option}: exit code ${status}`);
    assert.match(stderr, /usernameFile|password/);
    assert.doesNotMatch(stdout + stderr, /geheim/);
  }
});

test('underfoot watch --json prints the reports of one robot and ends with exit code 0', {
  skip: noMosquitto,
}, async (t) => {
  const broker = await startMosquitto();
  const publishers = ['r1', 'r2'].map(
    (robotId) => new Publisher({ url: broker.url, prefix: 'underfoot', robotId, version: '1' }),
  );
  t.after(async () => {
    for (const publisher of publishers) await publisher.close();
    await broker.close();
  });
  for (const publisher of publishers) {
    await publisher.start();
    publisher.publishSurface(example.surface);
    publisher.publishStatus(example.status);
  }
  const config = join(broker.folder, 'desk.yaml');
  writeFileSync(config, `mqtt: { url: "${broker.url}" }\n`);
  const watch = async (count: number): Promise<Record<string, unknown>[]> => {
    const cli = spawn(
      process.execPath,
      ['--import', 'tsx', join(packageRoot, 'agent/cli.ts'), 'watch'].concat(
        `--config=${config} --robot=r1 --json --count=${count}`.split(' '),
      ),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    cli.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const [code] = await once(cli, 'close');
    assert.equal(code, 0);
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  const reports = await watch(2);
  assert.deepEqual(
    reports.map((r) => r.robotId),
    ['r1', 'r1'],
  );
  assert.ok(reports.some((r) => r.label === 'grass') && reports.some((r) => r.state === 'online'));
  // Retained reports come in one piece: no more than were asked for are printed.
  assert.equal((await watch(1)).length, 1);
});

test('q ends the view of a terminal, also while there is no broker', async () => {
  const view = startUnderfoot(['watch', '--broker', 'mqtt://127.0.0.1:1'], { terminal: true });
  await view.says(/ECONNREFUSED.*q ends/);
  view.type('q');
  assert.equal(await view.ended, 0, view.text());
});
