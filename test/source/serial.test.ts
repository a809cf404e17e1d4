import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SerialSource } from '../../agent/source/serial.ts';
import { openTestPty, stableName } from '../helpers/pty.ts';
import { record } from './record.ts';

const quick = { baudRate: 115200, baseMs: 5, maxMs: 20 };

async function openPair(
  t: TestContext,
  options: Partial<ConstructorParameters<typeof SerialSource>[0]> = {},
) {
  const pty = await openTestPty();
  const source = new SerialSource({ ...quick, path: pty.path, ...options });
  const log = record(source);
  t.after(async () => {
    await source.close();
    await pty.close();
  });
  await log.reached('open');
  return { pty, source, log };
}

test('every byte value arrives unchanged, in order, with a rising time', async (t) => {
  for (const gatherMs of [0, 4]) {
    const { pty, log } = await openPair(t, { gatherMs });
    const sent = Buffer.from(Uint8Array.from({ length: 50_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
    pty.write(sent);
    await log.until(() => log.bytes().length >= sent.length);
    assert.deepEqual(log.bytes(), sent);
    assert.ok(log.arrivalsUs.every((t, i) => i === 0 || t >= log.arrivalsUs[i - 1]));
  }
});

test('bytes are sent, and writes while there is no port are dropped and counted', async (t) => {
  const { pty, source } = await openPair(t);
  const arrived = new Promise<Uint8Array>((resolve) => pty.onData(resolve));
  source.write(Buffer.from('r axis0\n'));
  assert.equal(Buffer.from(await arrived).toString(), 'r axis0\n');
  await source.close();
  source.write(Buffer.from('x'));
  assert.equal(source.droppedWrites, 1);
});

test('a missing port is waited for, and opened when it is there', async (t) => {
  const name = stableName();
  const source = new SerialSource({ ...quick, path: name.path });
  const log = record(source);
  const pty = await openTestPty();
  t.after(async () => {
    await source.close();
    await pty.close();
    name.remove();
  });
  const reason = await log.reached('waiting', 3);
  assert.match(reason ?? '', /usb-Test_Robot-if00: no such port/);
  name.pointAt(pty.path);
  await log.reached('open');
  pty.write('1,2\n');
  await log.until(() => log.text() === '1,2\n');
});

test('a plug that is pulled and put back under another device is read again through its stable name', async (t) => {
  const name = stableName();
  const source = new SerialSource({ ...quick, path: name.path });
  t.after(async () => {
    await source.close();
    name.remove();
  });
  let log: ReturnType<typeof record> | undefined;
  for (let round = 1; round <= 3; round += 1) {
    const pty = await openTestPty();
    name.pointAt(pty.path);
    log ??= record(source);
    await log.reached('open', round);
    pty.write(`round ${round}\n`);
    await log.until(() => log!.text().includes(`round ${round}\n`));
    name.pointAt(undefined);
    await pty.close();
    const waiting = log.states.length;
    await log.until(() => log!.states.slice(waiting - 1).some((s) => s.state === 'waiting'));
  }
  assert.equal(source.opened, 3);
});

test('a port that says nothing is closed and opened again', async (t) => {
  const { log } = await openPair(t, { silenceMs: 30 });
  assert.match((await log.reached('waiting')) ?? '', /no byte for 0.03 s/);
  await log.reached('open', 2);
});

test('bytes within the settle time are discarded', async (t) => {
  const { pty, log } = await openPair(t, { settleMs: 100, gatherMs: 0 });
  const timer = setInterval(() => pty.write('x'), 5);
  t.after(() => clearInterval(timer));
  const openedUs = performance.now() * 1000;
  await log.until(() => log.bytes().length > 0);
  assert.ok(log.arrivalsUs[0] > openedUs + 80_000, `${log.arrivalsUs[0] - openedUs} us after opening`);
});

test('a port that another program holds is named as such', async (t) => {
  const { pty } = await openPair(t);
  const second = new SerialSource({ ...quick, path: pty.path });
  const log = record(second);
  t.after(() => second.close());
  assert.match((await log.reached('waiting')) ?? '', /in use by another program/);
});

test('closing ends everything, also while a port is being waited for', async () => {
  const source = new SerialSource({ ...quick, path: '/dev/does-not-exist' });
  const log = record(source);
  await log.reached('waiting');
  await source.close();
  await source.close();
  assert.equal(log.states.at(-1)?.state, 'closed');
  assert.equal(log.states.filter((s) => s.state === 'closed').length, 1);
});

test('a file that is no port is refused and explained, not read', async (t) => {
  const source = new SerialSource({ ...quick, path: '/etc/hostname' });
  const log = record(source);
  t.after(() => source.close());
  const reason = await log.reached('waiting');
  assert.match(reason ?? '', /\/etc\/hostname: /);
  assert.equal(log.bytes().length, 0);
});
