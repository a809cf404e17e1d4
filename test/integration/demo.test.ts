/** The README's first command. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { packageRoot } from '../../agent/package-root.ts';
import { startCli } from '../helpers/agent-process.ts';
import { TestClient } from '../helpers/mqtt-client.ts';

test('npm start predicts the surface within 20 s, says how to watch, and Ctrl-C ends it with 0', async (t) => {
  const ports = ['--broker-port', '0', '--dashboard-port', '0'];
  // A process group of its own, so that the signal reaches all of it, as Ctrl-C on a terminal does.
  const child = spawn('npm', ['start', '--', ...ports], { cwd: packageRoot, detached: true });
  const startedMs = performance.now();
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)));
    child.stdout.on('data', (bytes) => {
      output += bytes;
      if (/driving on ([A-Z]+)/.test(output)) resolve();
    });
  });
  child.removeAllListeners('exit');
  const tookS = (performance.now() - startedMs) / 1000;
  t.diagnostic(`first prediction after ${tookS.toFixed(1)} s`);
  const [, label, truth] = /█·* [\d.]+ ([A-Z]+) .*driving on ([A-Z]+)/.exec(output) ?? [];
  assert.equal(label, truth, output);
  const [, port] = /mosquitto_sub -h 127\.0\.0\.1 -p (\d+) -v -t 'underfoot\/demo\/#'/.exec(output) ?? [];
  const client = await TestClient.open(`mqtt://127.0.0.1:${port}`, 'underfoot/demo/#', {
    protocolVersion: 4,
  });
  await client.wait(({ topic }) => topic === 'underfoot/demo/prediction', 'a prediction');
  await client.close();
  const exited = once(child, 'exit');
  process.kill(-child.pid!, 'SIGINT');
  const [code] = await exited;
  assert.equal(code, 0, output);
  assert.ok(tookS < 20, `${tookS} s`);
});

test('the demo ends after as many predictions as were asked for', async () => {
  const demo = startCli([
    'demo',
    '--broker-port',
    '0',
    '--dashboard-port',
    '0',
    '--speed',
    '20',
    '--count',
    '3',
  ]);
  assert.equal(await demo.ended(), 0, demo.output());
  assert.equal(demo.output().match(/driving on/g)?.length, 3);
});
