import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSpace } from '../../agent/session/make-space.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { sessionMetadata } from '../../agent/session/session-input.ts';
import { findSession, listSessions } from '../../agent/session/session-list.ts';
import { loadSession } from '../../agent/session/session-recording.ts';
import { feed, startRecorder, testFolder } from './helpers.ts';

const root = testFolder('list');
const fresh = () => mkdtempSync(join(root, 'l-'));
const metadata = sessionMetadata(
  { robotId: 'husky', timeBase: { tickUs: 1, bits: 32 }, sequenceBits: 8, nominalRateHz: 1000 },
  { version: '1.2.3', note: 'wet' },
);

async function record(
  folder: string,
  sessionId: string,
  labels: (string | null)[],
  extra = {},
): Promise<void> {
  const { recorder, time } = await startRecorder(folder, { sessionId, metadata, ...extra });
  for (const [i, label] of labels.entries()) {
    recorder.label(label, 'command');
    feed(recorder, time, i * 500, i * 500 + 500);
  }
  await recorder.stop();
}

test('sessions are listed with robot, labels in seconds, samples and state', async () => {
  const folder = fresh();
  await record(folder, 'b', ['ICE', null, 'SNOW', 'ICE']);
  await record(folder, 'a', [null]);
  writeFileSync(join(folder, 'c-0001.mcap'), 'rubbish');
  copyFileSync(join(folder, 'a-0001.mcap'), join(folder, 'd-0001.mcap.partial'));
  writeFileSync(join(folder, 'notes.txt'), 'x');
  const sessions = await listSessions(folder);
  const brief = sessions.map((s) => [s.id, s.state, s.samples, s.robotId, s.labelS]);
  // The copy of a says that it is a: a session is what its head says, not what its name says.
  assert.deepEqual(brief, [
    ['c', 'damaged', 0, undefined, {}],
    ['a', 'partial', 500, 'husky', {}],
    ['b', 'complete', 2000, 'husky', { ICE: 1, SNOW: 0.5 }],
  ]);
});

test('a file that goes while a folder is read is passed over, and the others are listed', async () => {
  const folder = fresh();
  await record(folder, 'a', ['ICE']);
  // What a listing sees of a file that was there when the folder was read, and got another name since.
  symlinkSync(join(folder, 'gone'), join(folder, 'b-0001.mcap.partial'));
  symlinkSync(join(folder, 'gone'), join(folder, 'c-0001.mcap'));
  assert.deepEqual(
    (await listSessions(folder)).map((s) => s.id),
    ['a'],
  );
  assert.equal((await findSession('a', folder)).samples, 500);
});

test('a session is found by file, by id, by the beginning of an id and by its folder', async () => {
  const folder = fresh();
  await record(folder, '20260101T000000Z_a', ['ICE']);
  await record(folder, '20260102T000000Z_a', ['ICE']);
  const idOf = async (name: string, where = folder) => (await findSession(name, where)).id;
  assert.equal(await idOf(join(folder, '20260101T000000Z_a-0001.mcap')), '20260101T000000Z_a');
  assert.equal(await idOf('20260102'), '20260102T000000Z_a');
  await assert.rejects(idOf('2026'), /found 2 sessions for 2026, expected one/);
  await assert.rejects(idOf('1999'), /found no session 1999/);
  const single = fresh();
  await record(single, 'only', ['ICE']);
  assert.equal(await idOf(single), 'only');
});

test('the parts of a session become one recording, with labels at exact samples', async () => {
  const folder = fresh();
  await record(folder, 's', ['ICE', 'SNOW', null], { limits: { maxPartBytes: 1, chunkMs: 1 } });
  const [recording] = [...recordingsIn(folder)];
  assert.equal(recording.id, 's');
  assert.equal(recording.rows, 1500);
  assert.deepEqual(recording.spans, [
    { label: 'ICE', from: 0, to: 499 },
    { label: 'SNOW', from: 499, to: 999 },
    { label: undefined, from: 999, to: 1500 },
  ]);
  assert.deepEqual([recording.sequenceBits, recording.nominalRateHz], [8, 1000]);
  assert.deepEqual([...recording.timeUs.slice(0, 3)], [0, 1000, 2000]);
  assert.ok(recording.values.every((v, i) => v === (i % 2 === 0 ? i / 2 / 8 : -(i - 1) / 2 + 0)));
});

test('labels that were undone or came late are where they belong', async () => {
  const folder = fresh();
  const { recorder, time } = await startRecorder(folder, { metadata });
  recorder.label('ICE', 'key');
  feed(recorder, time, 0, 100);
  recorder.label('SNOW', 'key');
  feed(recorder, time, 100, 200);
  recorder.undo('key');
  recorder.label('GRASS', 'file', time.us - 50_000 + 1);
  feed(recorder, time, 200, 300);
  await recorder.stop();
  const { recording } = loadSession([join(folder, 'test-0001.mcap')]);
  assert.deepEqual(recording.spans, [
    { label: 'ICE', from: 0, to: 150 },
    { label: 'GRASS', from: 150, to: 300 },
  ]);
});

test('a reset event is a break', async () => {
  const folder = fresh();
  const { recorder, time } = await startRecorder(folder, { metadata });
  feed(recorder, time, 0, 100);
  recorder.event('reset', 'the port was opened again');
  feed(recorder, time, 100, 200);
  await recorder.stop();
  assert.deepEqual(loadSession([join(folder, 'test-0001.mcap')]).recording.breaks, [100]);
});

test('room is made by deleting the oldest unlabelled files, never labelled ones without being told', async () => {
  const folder = fresh();
  for (const [id, label] of [
    ['1', 'ICE'],
    ['2', null],
    ['3', 'SNOW'],
    ['4', null],
  ] as const) {
    await record(folder, id, [label]);
  }
  writeFileSync(join(folder, '0-0001.mcap'), 'rubbish');
  writeFileSync(join(folder, '0-0001.mcap.partial'), 'rubbish');
  const used = (await listSessions(folder)).reduce((sum, s) => sum + s.bytes, 0);
  const limits = { folder, quotaBytes: used, minFreeBytes: 0, deleteLabelled: false };
  assert.deepEqual(await makeSpace(limits, 0), []);
  assert.deepEqual(await makeSpace(limits, 10), [join(folder, '2-0001.mcap')]);
  await assert.rejects(makeSpace(limits, used), /only labelled sessions are left, which are kept/);
  assert.ok(!existsSync(join(folder, '4-0001.mcap')));
  assert.ok(existsSync(join(folder, '1-0001.mcap')) && existsSync(join(folder, '3-0001.mcap')));
  await assert.rejects(makeSpace({ ...limits, deleteLabelled: true }, used * 2), /nothing is left to delete/);
  assert.deepEqual(readdirSync(folder), ['0-0001.mcap', '0-0001.mcap.partial']);
});

test('parts that do not belong together are refused', async () => {
  const folder = fresh();
  await record(folder, 'a', ['ICE']);
  await record(folder, 'b', ['ICE']);
  const files = ['a', 'b'].map((id) => join(folder, `${id}-0001.mcap`));
  assert.throws(() => loadSession(files), /found part 1 of session b, expected a part after 1 of session a/);
});
