import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../agent/service/log.ts';

function capture(options: Parameters<typeof createLogger>[0] = {}) {
  const lines: string[] = [];
  let now = 0;
  const logger = createLogger({
    env: {},
    write: (line) => lines.push(line),
    nowMs: () => now,
    ...options,
  });
  return { logger, lines, at: (ms: number) => (now = ms) };
}

test('away from a terminal a line is JSON with level, time, message and fields', () => {
  const { logger, lines } = capture();
  logger.warn('port is away', { path: '/dev/ttyUSB0' });
  const line = JSON.parse(lines[0]);
  assert.equal(line.level, 'warn');
  assert.equal(line.msg, 'port is away');
  assert.equal(line.path, '/dev/ttyUSB0');
  assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 60_000);
});

test('under the journal each line carries its priority for journalctl -p', () => {
  const { logger, lines } = capture({ env: { JOURNAL_STREAM: '8:1' }, level: 'debug' });
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.error('d');
  assert.deepEqual(
    lines.map((line) => line.slice(0, 4)),
    ['<7>{', '<6>{', '<4>{', '<3>{'],
  );
});

test('the level keeps lesser lines back', () => {
  const { logger, lines } = capture({ level: 'warn' });
  logger.info('a');
  logger.error('b');
  assert.equal(lines.length, 1);
});

test('a pretty line is for people', () => {
  const { logger, lines } = capture({ format: 'pretty' });
  logger.info('model loaded', { engine: 'onnx' });
  assert.match(lines[0], /INFO.*model loaded/);
  assert.match(lines[0], /engine: "onnx"/);
});

test('one message is let through a few times a minute, and the next one says how many were suppressed', () => {
  const { logger, lines, at } = capture({ perMinute: 2 });
  for (let i = 0; i < 10; i++) logger.warn('damaged line', { i });
  logger.warn('something else');
  assert.equal(lines.length, 3);
  at(60_000);
  logger.warn('damaged line');
  assert.equal(JSON.parse(lines[3]).suppressed, 8);
  logger.warn('damaged line');
  assert.equal(JSON.parse(lines[4]).suppressed, undefined);
});

test('messages that vary without end do not fill the memory nor the log', () => {
  const { logger, lines } = capture({ perMinute: 2 });
  for (let i = 0; i < 10_000; i++) logger.warn(`reading ${i}`);
  assert.ok(lines.length <= 502, `${lines.length} lines`);
});
