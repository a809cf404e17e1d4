import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { DiskHandle, OpenDisk } from '../../agent/session/part-file.ts';
import { itemsOf } from '../../agent/session/reader.ts';
import { recoverFile, salvageFile } from '../../agent/session/recover.ts';
import { listSessions } from '../../agent/session/session-list.ts';
import { verifyFile } from '../../agent/session/verify.ts';
import { feed, startRecorder, testFolder, until } from './helpers.ts';

const root = testFolder('faults');
const fresh = () => mkdtempSync(join(root, 'f-'));
const quick = { chunkMs: 1 };

/** A disk on which `write` and `datasync` can be made to go wrong. */
function faultyDisk(): { open: OpenDisk; fault: Partial<DiskHandle> & { opening?: () => Promise<never> } } {
  const fault: Partial<DiskHandle> & { opening?: () => Promise<never> } = {};
  const openDisk: OpenDisk = async (path) => {
    await fault.opening?.();
    const handle = await open(path, 'wx');
    return new Proxy(handle, {
      get: (target, key) => {
        const value = fault[key as keyof DiskHandle] ?? target[key as keyof DiskHandle];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return { open: openDisk, fault };
}
const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

function samplesIn(file: string): number[] {
  const values: number[] = [];
  for (const item of itemsOf(file, { kinds: ['samples'], lenient: true })) {
    if (item.kind === 'samples') values.push(...item.samples.values[0]);
  }
  return values;
}

test('a disk that takes only a few bytes at a time gets every byte', async () => {
  const folder = fresh();
  const disk = faultyDisk();
  const { recorder, time } = await startRecorder(folder, {
    limits: quick,
    openDisk: async (path) => {
      const handle = await disk.open(path);
      const write = handle.write.bind(handle) as (
        b: Uint8Array,
        o: number,
        l: number,
        p: number,
      ) => Promise<unknown>;
      const short = (b: Uint8Array, o: number, l: number, p: number) => write(b, o, Math.min(l, 97), p);
      return new Proxy(handle, { get: (t, key) => (key === 'write' ? short : t[key as keyof DiskHandle]) });
    },
  });
  feed(recorder, time, 0, 500);
  const end = await recorder.stop();
  assert.equal(end.complete, true);
  assert.ok(end.writes > 20, `${end.writes} writes`);
  assert.equal(verifyFile(end.files[0]).samples, 500);
});

test('a full disk loses nothing while the queue holds: it is said, tried again, and goes on when there is room', async () => {
  const folder = fresh();
  const disk = faultyDisk();
  let asked = 0;
  const makeSpace = async () => void asked++;
  const { recorder, time } = await startRecorder(folder, { limits: quick, openDisk: disk.open, makeSpace });
  feed(recorder, time, 0, 100);
  // The disk takes half of the piece and then no more, as full disks do.
  disk.fault.write = async function (this: DiskHandle, b: Uint8Array, o: number, l: number, p: number) {
    if (l < 10) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    const handle = this as unknown as { constructor: { prototype: DiskHandle } };
    const { write } = handle.constructor.prototype as unknown as {
      write: (...all: unknown[]) => Promise<unknown>;
    };
    return write.call(this, b, o, Math.floor(l / 2), p);
  } as unknown as DiskHandle['write'];
  await until(() => recorder.state.trouble !== undefined, 'the trouble is seen');
  assert.match(recorder.state.trouble ?? '', /no space left/);
  feed(recorder, time, 100, 300);
  assert.ok(asked >= 2, 'space was asked for');
  delete disk.fault.write;
  time.us += 2e6;
  await until(() => recorder.state.trouble === undefined, 'the disk is tried again');
  const end = await recorder.stop();
  assert.equal(end.complete, true);
  assert.equal(end.droppedSamples, 0);
  assert.equal(verifyFile(end.files[0]).samples, 300);
});

test('a disk that stays full leaves a partial file from which everything before is recovered', async () => {
  const folder = fresh();
  const disk = faultyDisk();
  const { recorder, time } = await startRecorder(folder, { limits: quick, openDisk: disk.open });
  const { bytes } = recorder.state;
  feed(recorder, time, 0, 100);
  await until(() => recorder.state.bytes > bytes, 'a chunk is written');
  disk.fault.write = failing('ENOSPC') as DiskHandle['write'];
  feed(recorder, time, 100, 200);
  const end = await recorder.stop();
  assert.equal(end.complete, false);
  assert.match(end.trouble ?? '', /no space left/);
  const recovered = await recoverFile(`${end.files[0]}.partial`);
  assert.equal(recovered.samples, 100);
});

test('a read-only remount or a lost disk makes a new file when it is back; no sample is twice or missing', async () => {
  const folder = fresh();
  const disk = faultyDisk();
  const { recorder, time } = await startRecorder(folder, { limits: quick, openDisk: disk.open });
  recorder.label('ICE', 'command');
  const { bytes } = recorder.state;
  feed(recorder, time, 0, 100);
  await until(() => recorder.state.bytes > bytes, 'a chunk is written');
  let tries = 0;
  const readOnly = () => {
    tries++;
    return failing('EROFS')();
  };
  for (const key of ['write', 'truncate'] as const) disk.fault[key] = readOnly as never;
  disk.fault.opening = readOnly;
  for (let i = 0; i < 8; i++) {
    feed(recorder, time, 100 + i * 10, 110 + i * 10);
    const before = tries;
    time.us += 2e6;
    await until(() => tries > before, 'the disk is tried again');
  }
  assert.match(recorder.state.trouble ?? '', /read-only/);
  delete disk.fault.write;
  delete disk.fault.truncate;
  delete disk.fault.opening;
  time.us += 2e6;
  await until(() => recorder.state.trouble === undefined, 'a new file is begun');
  const end = await recorder.stop();
  assert.equal(end.complete, false, 'its first file is still to be recovered');
  const [first, last] = [end.files[0], end.files.at(-1) as string];
  assert.notEqual(first, last);
  await recoverFile(`${first}.partial`);
  const [{ durationS, labelS, state }] = await listSessions(folder);
  assert.deepEqual([state, labelS], ['complete', { ICE: durationS }]);
  assert.ok(Math.abs(durationS - end.durationS) < 0.002, `${durationS} s in the files of ${end.durationS} s`);
  const values = [...samplesIn(first), ...samplesIn(last)];
  assert.deepEqual(
    values.map((v) => v * 8),
    Array.from({ length: 180 }, (_, i) => i),
  );
});

test('a disk that hangs costs counted samples, never memory, labels or a wait', async () => {
  const folder = fresh();
  const disk = faultyDisk();
  let release = () => {};
  const { recorder, time } = await startRecorder(folder, {
    limits: { chunkMs: 1, maxQueueBytes: 20_000 },
    openDisk: disk.open,
  });
  const hang = new Promise<void>((resolve) => {
    release = resolve;
  });
  disk.fault.datasync = () => hang;
  for (let i = 0; i < 30; i++) {
    feed(recorder, time, i * 200, (i + 1) * 200);
    if (i === 20) recorder.label('ICE', 'key');
    recorder.flush();
  }
  const dropped = recorder.state.droppedSamples;
  assert.ok(dropped > 1000, `${dropped} dropped`);
  release();
  delete disk.fault.datasync;
  const end = await recorder.stop();
  assert.equal(end.complete, true);
  const [file] = end.files;
  const verified = verifyFile(file);
  assert.equal(verified.samples + end.droppedSamples, end.samples);
  const labels = [...itemsOf(file, { kinds: ['label'] })];
  assert.equal(labels.length, 1);
  const resets = [...itemsOf(file, { kinds: ['event'] })];
  assert.deepEqual(
    resets.map((e) => e.kind === 'event' && `${e.message.kind}: ${e.message.detail}`),
    [`reset: ${end.droppedSamples} samples dropped: the disk was too slow`],
    'one event for the whole hole',
  );
});

test('a folder that cannot be written is refused at the start', async (t) => {
  await assert.rejects(startRecorder(join(root, 'nowhere')), /ENOENT/);
  const folder = fresh();
  writeFileSync(join(folder, 'test-0001.mcap.partial'), 'mine');
  await assert.rejects(startRecorder(folder), /EEXIST/);
  if (process.getuid?.() === 0) return t.diagnostic('as root no folder is read-only');
  chmodSync(folder, 0o500);
  await assert.rejects(startRecorder(folder, { sessionId: 'other' }), /EACCES/);
});

test('on a file system that is really full, what was written before is whole', async (t) => {
  const folder = fresh();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    return t.skip('needs the right to mount a file system');
  }
  try {
    const inner = join(folder, 's');
    mkdirSync(inner);
    const { recorder, time } = await startRecorder(inner, { limits: quick });
    let fed = 0;
    await until(() => {
      feed(recorder, time, fed, fed + 500);
      fed += 500;
      recorder.flush();
      return recorder.state.trouble !== undefined;
    }, 'the disk is full');
    assert.match(recorder.state.trouble ?? '', /no space left/);
    const end = await recorder.stop();
    assert.equal(end.complete, false);
    const partial = `${end.files[0]}.partial`;
    const { samples, damage } = salvageFile(partial);
    assert.ok(samples > 1000, `${samples} samples`);
    assert.equal(damage, 'its end is missing');
    const values = samplesIn(partial);
    assert.ok(values.every((v, i) => v * 8 === i));
    // No room for the recovered file: refused, and the damaged one is as it was.
    await assert.rejects(recoverFile(partial), /cannot be written: no space left/);
    assert.deepEqual(readdirSync(inner), ['test-0001.mcap.partial']);
    assert.equal(salvageFile(partial).samples, samples);
  } finally {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

test('on a file system that is really read-only a recording is refused, and what is there can still be read', async (t) => {
  const folder = fresh();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    return t.skip('needs the right to mount a file system');
  }
  const remount = (how: string) => execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'pipe' });
  try {
    const record = async (sessionId: string) => {
      const { recorder, time } = await startRecorder(folder, { sessionId });
      feed(recorder, time, 0, 300);
      return recorder.stop();
    };
    const { files } = await record('before');
    // While a file is open for writing, the kernel refuses this; a disk that fails is in the test above.
    remount('ro');
    await assert.rejects(record('refused'), /EROFS/);
    assert.equal(verifyFile(files[0]).samples, 300);
    remount('rw');
    assert.equal((await record('after')).complete, true);
    assert.deepEqual(readdirSync(folder), ['after-0001.mcap', 'before-0001.mcap']);
  } finally {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

test('kill -9 of a recording process costs at most a second', async () => {
  const folder = fresh();
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/session/record-forever.ts', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = { samples: 0, seconds: 0 };
  const lines = createInterface({ input: child.stdout });
  const done = new Promise<void>((resolve, reject) => {
    child.on('exit', () => resolve());
    child.on('error', reject);
  });
  const enough = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      last = JSON.parse(line) as typeof last;
      if (last.seconds > 3) resolve();
    });
  });
  await Promise.race([enough, done]);
  child.kill('SIGKILL');
  await done;
  assert.ok(last.seconds > 3, 'it recorded for three seconds');
  const recovered = await recoverFile(join(folder, 'killed-0001.mcap.partial'));
  const rateHz = last.samples / last.seconds;
  const lostS = (last.samples - recovered.samples) / rateHz;
  assert.ok(lostS <= 1, `lost ${lostS.toFixed(3)} s of ${last.seconds} s`);
});
