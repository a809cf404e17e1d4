import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { DataError, UserError } from '../../agent/errors.ts';
import { scanMcap } from '../../agent/session/mcap-scan.ts';
import { processIdentity } from '../../agent/session/process-identity.ts';
import { itemsOf } from '../../agent/session/reader.ts';
import { recoverFile, salvageFile } from '../../agent/session/recover.ts';
import { verifyFile } from '../../agent/session/verify.ts';
import { feed, startRecorder, testFolder, until } from './helpers.ts';

const root = testFolder('recover');
const fresh = () => mkdtempSync(join(root, 'r-'));
const SAMPLES_PER_CHUNK = 50;
const CHUNKS = 6;

/** A complete session of chunks of 50 samples, and where each chunk with its index ends. */
let whole: Buffer;
let ends: number[];

before(async () => {
  const folder = fresh();
  const { recorder, time } = await startRecorder(folder, { limits: { chunkMs: 1 } });
  recorder.label('ICE', 'command');
  for (let i = 0; i < CHUNKS; i++) {
    const { bytes } = recorder.state;
    feed(recorder, time, i * SAMPLES_PER_CHUNK, (i + 1) * SAMPLES_PER_CHUNK);
    await until(() => recorder.state.bytes > bytes, 'the chunk is written');
  }
  await recorder.stop();
  const file = join(folder, 'test-0001.mcap');
  whole = readFileSync(file);
  ends = chunkEnds(whole);
});

/** Where chunks end, from the records themselves: opcode, 8 bytes of length, content. */
function chunkEnds(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 8; at < bytes.length - 8; ) {
    const opcode = bytes[at];
    at += 9 + Number(bytes.readBigUInt64LE(at + 1));
    if (opcode === 0x06) found.push(at);
    if (opcode === 0x0f) break;
  }
  return found;
}

function partial(bytes: Buffer, folder = fresh()): string {
  const file = join(folder, 'test-0001.mcap.partial');
  writeFileSync(file, bytes);
  return file;
}

test('cut at every byte of its last two chunks, a file gives back every chunk that is whole', () => {
  const from = ends[ends.length - 3] + 1;
  const file = partial(whole);
  let cuts = 0;
  for (let cut = from; cut < whole.length; cut++, cuts++) {
    writeFileSync(file, whole.subarray(0, cut));
    const { samples, labels } = salvageFile(file);
    const chunks = ends.filter((end) => end <= cut).length;
    // The first chunk holds the label; samples are in the others.
    const expected = (chunks - (ends.length - CHUNKS)) * SAMPLES_PER_CHUNK;
    assert.equal(samples, expected, `cut at ${cut}`);
    assert.equal(labels.at(5_100_000), 'ICE');
  }
  assert.ok(cuts > 1000, `${cuts} cuts`);
});

test('a recovered file is complete, verified, has all whole chunks, and the damaged one is gone', async () => {
  for (const cut of [ends[2] - 1, ends[2], ends[3] + 5, ends[5], whole.length - 1]) {
    const file = partial(whole.subarray(0, cut));
    const recovered = await recoverFile(file);
    const chunks = ends.filter((end) => end <= cut).length - (ends.length - CHUNKS);
    assert.equal(recovered.samples, chunks * SAMPLES_PER_CHUNK);
    assert.equal(recovered.bytesFound, cut);
    assert.deepEqual(readdirSync(join(file, '..')), ['test-0001.mcap']);
    assert.deepEqual(verifyFile(recovered.file).samples, recovered.samples);
    let next = 0;
    for (const item of itemsOf(recovered.file, { kinds: ['samples'] })) {
      if (item.kind !== 'samples') continue;
      for (const value of item.samples.values[0]) assert.equal(value, next++ / 8);
    }
  }
});

test('zeros or garbage after the last whole chunk, as a power cut leaves them, are left behind', async () => {
  for (const tail of [
    Buffer.alloc(5000),
    Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 31) & 0xff)),
  ]) {
    const file = partial(Buffer.concat([whole.subarray(0, ends[4]), tail]));
    const { samples } = await recoverFile(file);
    assert.equal(
      samples,
      (ends.filter((end) => end <= ends[4]).length - (ends.length - CHUNKS)) * SAMPLES_PER_CHUNK,
    );
  }
});

test('a flipped bit is found wherever it is, and never comes out of a recovery as data', () => {
  const file = join(fresh(), 'x.mcap');
  for (let at = 0; at < whole.length; at += 7) {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 1 << (at % 8);
    writeFileSync(file, bytes);
    assert.throws(() => verifyFile(file), DataError, `bit of byte ${at} of ${whole.length}`);
  }
});

test('what cannot be recovered says why and stays untouched', async () => {
  const head = partial(whole.subarray(0, 30));
  await assert.rejects(recoverFile(head), /found no session metadata/);
  assert.ok(existsSync(head));
  await assert.rejects(
    recoverFile(partial(Buffer.from('time,curL\n0,1\n'))),
    /expected an MCAP session file/,
  );
  await assert.rejects(recoverFile(partial(Buffer.alloc(0))), /found an empty file/);
  const complete = join(fresh(), 'x.mcap');
  writeFileSync(complete, whole);
  await assert.rejects(recoverFile(complete), /nothing is wrong with it/);
  const both = partial(whole);
  writeFileSync(both.replace('.partial', ''), 'mine');
  await assert.rejects(recoverFile(both), /is there already/);
  assert.equal(readFileSync(both.replace('.partial', ''), 'utf8'), 'mine');
});

test('a complete file that was damaged later is recovered up to the damage, and kept beside it', async () => {
  const file = join(fresh(), 'x.mcap');
  for (const damaged of [
    whole.subarray(0, ends[4]),
    Buffer.from(whole).fill(0x55, ends[5] - 60, ends[5] - 40),
  ]) {
    writeFileSync(file, damaged);
    const { samples } = await recoverFile(file);
    assert.equal(
      samples,
      (ends.filter((end) => end <= ends[4]).length - (ends.length - CHUNKS)) * SAMPLES_PER_CHUNK,
    );
    assert.equal(verifyFile(file).samples, samples);
    assert.deepEqual(readFileSync(`${file}.damaged`), damaged);
    await assert.rejects(recoverFile(file), /nothing is wrong with it/);
    const again = readFileSync(file).subarray(0, -10);
    writeFileSync(file, again);
    assert.equal((await recoverFile(file)).from, `${file}.damaged.2`, 'the first one is never replaced');
    assert.deepEqual([readFileSync(`${file}.damaged`), readFileSync(`${file}.damaged.2`)], [damaged, again]);
    for (const kept of [`${file}.damaged`, `${file}.damaged.2`]) rmSync(kept);
  }
});

test('a file that is being recorded is not recovered from under the recorder', async () => {
  const folder = fresh();
  const { recorder, time } = await startRecorder(folder);
  feed(recorder, time, 0, 10);
  await assert.rejects(
    recoverFile(join(folder, 'test-0001.mcap.partial')),
    (error: unknown) => error instanceof UserError && error.message.includes(`process ${process.pid}`),
  );
  await recorder.stop();
});

test('a file that its process gave up, as after a full disk, is recovered while that process runs on', async () => {
  const file = partial(Buffer.alloc(0));
  const handle = openSync(file, 'a');
  // Waits for its input, which never comes, and has the file open.
  const writer = spawn('cat', { stdio: ['pipe', handle, 'ignore'] });
  const ended = new Promise((resolve) => writer.once('exit', resolve));
  closeSync(handle);
  try {
    const owner = processIdentity(writer.pid!);
    assert.ok(owner !== undefined);
    const folder = fresh();
    const { recorder, time } = await startRecorder(folder, { metadata: { owner } });
    feed(recorder, time, 0, 10);
    const { files } = await recorder.stop();
    const bytes = readFileSync(files[0]).subarray(0, -20);
    writeFileSync(file, bytes);
    await assert.rejects(
      recoverFile(file),
      (error: unknown) =>
        error instanceof UserError &&
        error.exitCode === 75 &&
        error.message.includes(`process ${writer.pid}`),
    );
    // The same name, but no longer the file that the process has open.
    rmSync(file);
    writeFileSync(file, bytes);
    assert.equal((await recoverFile(file)).samples, 10);
  } finally {
    writer.kill();
    await ended;
  }
});

test('a recovery that was interrupted is begun again', async () => {
  const file = partial(whole.subarray(0, ends[3]));
  writeFileSync(file.replace('.partial', '.recovered'), 'half');
  writeFileSync(file.replace('.partial', '.recovered.partial'), 'half');
  await recoverFile(file, { keep: true });
  assert.deepEqual(readdirSync(join(file, '..')).sort(), ['test-0001.mcap', 'test-0001.mcap.partial']);
});

test('a scan tells a complete file from one that ends early', () => {
  const file = join(fresh(), 'y.mcap');
  const endOf = (bytes: Buffer) => {
    writeFileSync(file, bytes);
    const scan = scanMcap(file);
    for (;;) {
      const { value, done } = scan.next();
      if (done) return value;
    }
  };
  assert.deepEqual(endOf(whole), { complete: true });
  assert.equal(endOf(whole.subarray(0, -1)).complete, false);
  renameSync(file, `${file}.gone`);
  assert.throws(() => scanMcap(file).next(), UserError);
});
