import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createNotifier } from '../../agent/service/notify.ts';

const has = (command: string): boolean => spawnSync('which', [command]).status === 0;
const skip = has('socat') && has('systemd-notify') ? false : 'needs socat and systemd-notify';

const dir = mkdtempSync(join(tmpdir(), 'underfoot-notify-'));
after(() => rmSync(dir, { recursive: true }));

/** systemd-notify without its wait for the manager, which socat does not answer; END=1 after every message. */
const command = join(dir, 'notify-at-once');
writeFileSync(
  command,
  '#!/bin/sh\nsystemd-notify --no-block "$@" && exec systemd-notify --no-block END=1\n',
  { mode: 0o755 },
);

/** Stands in for systemd's end of the socket, and collects what arrives. */
async function receiver(address: string): Promise<{ received: () => string; stop: () => Promise<void> }> {
  const socat: ChildProcess = spawn('socat', ['-d', '-d', '-u', address, '-']);
  let received = '';
  socat.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
  });
  await new Promise<void>((resolve) =>
    socat.stderr!.on('data', (text) => String(text).includes('starting data transfer') && resolve()),
  );
  return {
    received: () => received,
    stop: async () => {
      socat.kill();
      await once(socat, 'exit');
    },
  };
}

test('states arrive in order through a path socket, each with its newest status', { skip }, async () => {
  const path = join(dir, 'notify');
  const manager = await receiver(`UNIX-RECV:${path}`);
  assert.ok(existsSync(path));
  const notifier = createNotifier({ env: { ...process.env, NOTIFY_SOCKET: path }, command });
  notifier.status('loading');
  notifier.status('loading\nthe model');
  notifier.ready('asphalt 0.98');
  notifier.watchdog();
  notifier.watchdog();
  notifier.reloading();
  notifier.ready();
  notifier.stopping('bye');
  await notifier.flush();
  await manager.stop();
  const messages = manager.received().split('END=1').filter(Boolean);
  assert.equal(messages[0], 'STATUS=loading the model');
  assert.equal(messages[1], 'READY=1\nSTATUS=asphalt 0.98\nWATCHDOG=1');
  assert.match(messages[2], /^RELOADING=1\nMONOTONIC_USEC=\d{6,}$/);
  assert.equal(messages[3], 'READY=1');
  assert.equal(messages[4], 'STOPPING=1\nSTATUS=bye');
  assert.equal(messages.length, 5);
  assert.equal(notifier.failures, 0);
});

test('an abstract socket is reached', { skip }, async () => {
  const name = `underfoot-notify-${process.pid}`;
  const manager = await receiver(`ABSTRACT-RECV:${name}`);
  const notifier = createNotifier({ env: { ...process.env, NOTIFY_SOCKET: `@${name}` }, command });
  notifier.ready();
  await notifier.flush();
  await manager.stop();
  assert.match(manager.received(), /^READY=1/);
});

test('a manager that is gone is counted and reported, never thrown', { skip }, async () => {
  const errors: Error[] = [];
  const notifier = createNotifier({
    env: { ...process.env, NOTIFY_SOCKET: '/nonexistent/notify' },
    onError: (error) => errors.push(error),
  });
  notifier.ready();
  await notifier.flush();
  assert.equal(notifier.failures, 1);
  assert.equal(errors.length, 1);
});

test('without systemd nothing is started', async () => {
  const notifier = createNotifier({ env: {}, command: '/nonexistent/systemd-notify' });
  notifier.ready('x');
  notifier.watchdog();
  await notifier.flush();
  assert.equal(notifier.active, false);
  assert.equal(notifier.failures, 0);
});
