import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { loadConfig } from '../../agent/config/load.ts';
import { guardWrites } from '../../agent/protocol/allow-list.ts';
import { createProtocol, type ProtocolSpec } from '../../agent/protocol/registry.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';
import { serveDevice } from '../../agent/simulate/serve.ts';
import { SerialSource } from '../../agent/source/serial.ts';
import { describeSpec, specs, stepA } from '../protocol/specs.ts';

/** Reads `count` readings of a device behind a pseudo terminal, as the agent does. */
async function readThroughPty(spec: ProtocolSpec, count: number) {
  const device = createSimulatedDevice(spec, (channel) => 1.5 - 4 * channel, 100);
  const served = await serveDevice(device);
  const { decoder, poller } = createProtocol(spec);
  const source = new SerialSource({ path: served.path, baudRate: 115200 });
  const write = guardWrites(spec.name, (bytes) => source.write(bytes));
  const readings: number[][] = [];
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  const poll = () => {
    const request = poller?.due(performance.now() * 1000);
    if (request) write(request);
  };
  let timer: NodeJS.Timeout | undefined;
  source.start({
    onState: (state) => {
      if (state === 'open') timer = setInterval(poll, 2);
    },
    onBytes: (bytes) => {
      decoder.append(bytes);
      for (let r = decoder.next(); r; r = decoder.next()) readings.push([...r.values]);
      if (readings.length >= count) resolve();
      else poll();
    },
  });
  await promise;
  clearInterval(timer);
  await source.close();
  await served.close();
  return { readings, device };
}

for (const spec of specs) {
  test(`read through a real pseudo terminal: ${describeSpec(spec)}`, { timeout: 60_000 }, async () => {
    // Midway into the stream there is no header any more; the positions then stand in the configuration.
    const named =
      spec.name === 'text' && spec.header === true ? { ...spec, header: ['left', 'right', 't'] } : spec;
    const { readings, device } = await readThroughPty(named, 15);
    for (const [left, right] of readings) {
      assert.ok(Math.abs(left - 1.5) <= stepA(spec) / 2 + 1e-6, `${left}`);
      assert.ok(Math.abs(right + 2.5) <= stepA(spec) / 2 + 1e-6, `${right}`);
    }
    assert.equal(device.commands, 0);
  });
}

test('underfoot simulate makes a link to its port, writes a configuration for it, names the surface, and tidies up', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-'));
  const link = join(folder, 'port');
  const file = join(folder, 'robot.yaml');
  const args = ['--import', 'tsx', 'agent/cli.ts', 'simulate', '-p', 'vesc', '--port-link', link];
  const child = spawn(process.execPath, [...args, '--write-config', file, '--label', 'SAND', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { port, protocol } = await next();
  assert.equal(readlinkSync(link), port);
  assert.equal(protocol.name, 'vesc');
  const config = loadConfig(file);
  assert.deepEqual(
    [config.source.kind === 'serial' && config.source.port, config.protocol],
    [link, protocol],
  );
  child.kill('SIGTERM');
  let last = await next();
  while (last.commands === undefined) last = await next();
  assert.deepEqual(last, { commands: 0, misunderstood: 0, droppedBytes: 0 });
  assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0);
  assert.equal(existsSync(link), false);
});
