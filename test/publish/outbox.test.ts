import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { DiskOutbox } from '../../agent/publish/disk-outbox.ts';
import { openOutbox } from '../../agent/publish/open-outbox.ts';
import {
  MemoryOutbox,
  type Message,
  type OnDrop,
  type Outbox,
  type OutboxLimits,
} from '../../agent/publish/outbox.ts';

const root = mkdtempSync(join(tmpdir(), 'underfoot-outbox-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, String(++folders));

const limits: OutboxLimits = { maxBytes: 16 * 1024, maxAgeMs: 60_000 };
const message = (n: number, createdMs = 0, topic = 'a/r/surface'): Message => ({
  topic,
  payload: JSON.stringify({ n }),
  qos: 1,
  retain: true,
  createdMs,
});
const numbers = (outbox: Outbox) =>
  outbox.read(0, Number.POSITIVE_INFINITY).map((entry) => JSON.parse(entry.message.payload).n as number);
const onDisk = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

const kinds: [string, (limits: OutboxLimits, onDrop: OnDrop) => Outbox][] = [
  ['memory', (l, onDrop) => new MemoryOutbox(l, onDrop)],
  ['disk', (l, onDrop) => new DiskOutbox(newFolder(), l, onDrop)],
];
for (const [kind, create] of kinds) {
  describe(`outbox (${kind})`, () => {
    test('gives back what came in, in order, until it is acknowledged', () => {
      const outbox = create(limits, assert.fail);
      for (let n = 1; n <= 5; n++) outbox.append(message(n), 0);
      assert.deepEqual(numbers(outbox), [1, 2, 3, 4, 5]);
      assert.equal(outbox.has('a/r/surface'), true);
      const [, second, third] = outbox.read(0, 3);
      outbox.acknowledge(second.id);
      assert.deepEqual(numbers(outbox), [3, 4, 5]);
      assert.deepEqual(
        outbox.read(third.id, 1).map((e) => e.id),
        [third.id + 1],
      );
      outbox.acknowledge(third.id + 2);
      assert.deepEqual([outbox.messages, outbox.bytes, outbox.has('a/r/surface')], [0, 0, false]);
      outbox.append(message(6), 0);
      assert.deepEqual(numbers(outbox), [6]);
      outbox.close();
    });

    test('gives up what is too old', () => {
      const dropped: string[] = [];
      const outbox = create(limits, (topic) => dropped.push(topic));
      outbox.append(message(1, 0, 'a/r/drift'), 0);
      outbox.append(message(2, 50_000), 50_000);
      outbox.expire(60_001);
      assert.deepEqual([numbers(outbox), dropped], [[2], ['a/r/drift']]);
      outbox.close();
    });

    test('never exceeds its bytes, loses only the oldest, and counts each loss', () => {
      const run = fc.property(
        fc.array(fc.record({ size: fc.nat(900), acknowledge: fc.nat(3) }), { maxLength: 120 }),
        (steps) => {
          let dropped = 0;
          const outbox = create(limits, () => dropped++);
          let acknowledged = 0;
          for (const [n, step] of steps.entries()) {
            outbox.append({ ...message(n), payload: JSON.stringify({ n, fill: 'x'.repeat(step.size) }) }, 0);
            assert.ok(outbox.bytes <= limits.maxBytes);
            const taken = outbox.read(0, step.acknowledge);
            if (taken.length > 0) outbox.acknowledge(taken[taken.length - 1].id);
            acknowledged += taken.length;
          }
          assert.equal(acknowledged + dropped + outbox.messages, steps.length);
          const left = numbers(outbox);
          assert.deepEqual(
            left,
            [...left].sort((a, b) => a - b),
          );
          assert.equal(left.length, outbox.messages);
          if (left.length > 0) assert.equal(left[left.length - 1], steps.length - 1);
          outbox.close();
        },
      );
      fc.assert(run, { numRuns: 40 });
    });

    test('a message that is larger than the outbox can ever hold is dropped at once', () => {
      let dropped = 0;
      const outbox = create(limits, () => dropped++);
      outbox.append({ ...message(1), payload: 'x'.repeat(20_000) }, 0);
      assert.deepEqual([dropped, outbox.messages], [1, 0]);
      outbox.close();
    });
  });
}

describe('outbox on disk', () => {
  test('another process takes up where the first ended, without the messages that were acknowledged', () => {
    const folder = newFolder();
    const first = new DiskOutbox(folder, limits, assert.fail);
    for (let n = 1; n <= 50; n++) first.append(message(n), 0);
    first.acknowledge(first.read(0, 20)[19].id);
    // No close: this is what a killed process leaves.
    const second = new DiskOutbox(folder, limits, assert.fail);
    second.append(message(51), 0);
    assert.deepEqual(
      numbers(second),
      Array.from({ length: 31 }, (_, i) => i + 21),
    );
    second.acknowledge(second.read(0, 100)[30].id);
    const third = new DiskOutbox(folder, limits, assert.fail);
    assert.equal(third.messages, 0);
    assert.equal(third.bytes, 0);
    for (const outbox of [first, second, third]) outbox.close();
  });

  test('a torn last line, a damaged line and a damaged head cost those lines only', () => {
    const folder = newFolder();
    const first = new DiskOutbox(folder, limits, assert.fail);
    for (let n = 1; n <= 3; n++) first.append(message(n), 0);
    first.close();
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.outbox')) as string);
    const lines = readFileSync(file, 'utf8').split('\n');
    lines[1] = lines[1].replace('"n', '"m');
    writeFileSync(file, lines.join('\n'));
    appendFileSync(file, '0123abcd {"id":4,"topic":"a');
    writeFileSync(join(folder, 'head'), '\0\0\0');
    const dropped: string[] = [];
    const second = new DiskOutbox(folder, limits, (topic) => dropped.push(topic));
    assert.deepEqual(numbers(second), [1, 3]);
    assert.deepEqual(dropped, ['damaged', 'damaged']);
    second.append(message(4), 0);
    assert.deepEqual(numbers(second), [1, 3, 4]);
    second.close();
  });

  test('files never take more than the bound, and nearly nothing when all is delivered', () => {
    const folder = newFolder();
    const outbox = new DiskOutbox(folder, limits, () => {});
    for (let n = 0; n < 2000; n++) {
      outbox.append(message(n), 0);
      assert.ok(onDisk(folder) <= limits.maxBytes + 16);
    }
    outbox.acknowledge(outbox.read(0, 10_000).at(-1)?.id ?? 0);
    assert.equal(onDisk(folder), 16);
    outbox.close();
  });

  test('a folder that cannot be written, at start or later, turns it into an outbox in memory', () => {
    const warnings: string[] = [];
    const log = { debug: () => {}, info: () => {}, warn: (line: string) => warnings.push(line) };
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    const atStart = openOutbox(join(file, 'outbox'), limits, assert.fail, log);
    atStart.append(message(1), 0);
    assert.deepEqual(numbers(atStart), [1]);
    assert.match(warnings[0], /ENOTDIR.*in memory/);

    const folder = newFolder();
    const later = openOutbox(folder, { ...limits, maxBytes: 16 * 110 }, assert.fail, log);
    later.append(message(1), 0);
    rmSync(folder, { recursive: true });
    later.append(message(2), 0);
    later.append(message(3), 0);
    assert.deepEqual(numbers(later), [1, 2, 3]);
    assert.match(warnings[1], /ENOENT.*in memory/);
  });
});
