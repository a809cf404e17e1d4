import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cut, editLabels, relabel, rowAtSecond, stretchesByLabel } from '../../agent/session/edit.ts';
import { importRecording } from '../../agent/session/import.ts';
import { LabelTimeline } from '../../agent/session/label-timeline.ts';
import { readRecordings } from '../../agent/session/recordings.ts';
import { sessionMetadata } from '../../agent/session/session-input.ts';
import { listSessions } from '../../agent/session/session-list.ts';
import { loadSession } from '../../agent/session/session-recording.ts';
import { verifyFile } from '../../agent/session/verify.ts';
import { writeSession } from '../../agent/session/write-session.ts';
import { feed, startRecorder, testFolder } from './helpers.ts';

const root = testFolder('edit');
const fresh = () => mkdtempSync(join(root, 'e-'));
const metadata = sessionMetadata({ robotId: 'husky', timeBase: { tickUs: 1, bits: 32 } }, { version: '1' });

/** ICE for 500 samples of 1 ms, nothing for 500, SNOW for 500; a mark at 200, a reset at 700. */
async function session(limits = {}) {
  const folder = fresh();
  const { recorder, time } = await startRecorder(folder, { metadata, limits });
  recorder.label('ICE', 'key');
  feed(recorder, time, 0, 200);
  recorder.event('mark', 'bump');
  recorder.prediction({
    windowIndex: 0,
    startUs: 0,
    endUs: 100_000,
    label: 'ICE',
    confidence: 1,
    probabilities: {},
  });
  feed(recorder, time, 200, 500);
  recorder.label(null, 'key', time.us + 1);
  feed(recorder, time, 500, 700);
  recorder.event('reset', 'opened again');
  feed(recorder, time, 700, 1000);
  recorder.label('SNOW', 'key', time.us + 1);
  feed(recorder, time, 1000, 1500);
  const { files } = await recorder.stop();
  return { folder, files, load: () => loadSession(files) };
}
const spansOf = (loaded: ReturnType<typeof loadSession>) =>
  loaded.recording.spans.map((s) => [s.label, s.from, s.to]);

test('an edit replaces the labels between two times and leaves those around it', () => {
  const labels = new LabelTimeline();
  for (const [label, atUs] of [
    ['A', 0],
    ['B', 10],
    ['C', 20],
  ] as const)
    labels.apply({ op: 'set', label, atUs, by: 'key' });
  const edited = (label: string | null, from: number, to: number) =>
    editLabels(labels, label, from, to)
      .map((c) => `${c.label}@${c.atUs}`)
      .join(' ');
  assert.equal(edited('X', 5, 15), 'A@0 X@5 B@15 C@20');
  assert.equal(edited('X', 5, 25), 'A@0 X@5 C@25');
  assert.equal(edited(null, 10, 20), 'A@0 null@10 C@20');
  assert.equal(edited('A', 5, 12), 'A@0 B@12 C@20');
  assert.equal(edited('X', 15, Number.POSITIVE_INFINITY), 'A@0 B@10 X@15');
});

test('relabelling changes labels alone, in every file of a session', async () => {
  const { folder, files, load } = await session({ maxPartBytes: 1, chunkMs: 1 });
  const before = load();
  const [listed] = await listSessions(folder);
  const startUs = before.head.startUs;
  await relabel(listed, editLabels(before.labels, 'GRASS', startUs + 400_001, startUs + 600_001));
  const after = load();
  assert.deepEqual(spansOf(after), [
    ['ICE', 0, 400],
    ['GRASS', 400, 600],
    [undefined, 600, 1000],
    ['SNOW', 1000, 1500],
  ]);
  assert.deepEqual(after.recording.values, before.recording.values);
  assert.deepEqual(after.events, before.events);
  assert.deepEqual(after.predictions, before.predictions);
  assert.deepEqual(readdirSync(folder).sort(), files.map((f) => f.slice(folder.length + 1)).sort());
  for (const file of files) verifyFile(file);
  assert.equal((await listSessions(folder))[0].labelS.GRASS, 0.2);
});

test('a label that cannot be one and a damaged session are refused, and the files stay as they are', async () => {
  const { folder, files } = await session();
  const bytes = readFileSync(files[0]);
  const [listed] = await listSessions(folder);
  await assert.rejects(relabel(listed, [{ label: 'a b', atUs: 0 }]), /expected letters/);
  writeFileSync(files[0], bytes.subarray(0, -50));
  const [damaged] = await listSessions(folder);
  await assert.rejects(relabel(damaged, [{ label: 'ICE', atUs: 0 }]), /found a damaged file/);
  assert.equal(readFileSync(files[0]).length, bytes.length - 50);
});

test('a stretch becomes a session of its own with its labels, marks and breaks; the original stays', async () => {
  const { folder, files, load } = await session();
  const bytes = readFileSync(files[0]);
  const loaded = load();
  const from = rowAtSecond(loaded, 0.1);
  const verified = await writeSession(folder, cut(loaded, 'piece', from, rowAtSecond(loaded, 1.2)));
  assert.equal(verified.samples, 1100);
  const piece = loadSession([verified.file]);
  assert.deepEqual(spansOf(piece), [
    ['ICE', 0, 400],
    [undefined, 400, 900],
    ['SNOW', 900, 1100],
  ]);
  assert.deepEqual(piece.recording.breaks, [600]);
  assert.deepEqual(piece.events.find((e) => e.kind === 'mark')?.atSample, 100);
  assert.deepEqual(piece.recording.values, loaded.recording.values.slice(200, 2400));
  assert.deepEqual(piece.recording.arrivalUs, loaded.recording.arrivalUs?.slice(100, 1200));
  assert.equal(piece.predictions.length, 0);
  assert.equal(Date.parse(piece.head.startTime) - Date.parse(loaded.head.startTime), 101);
  assert.deepEqual(readFileSync(files[0]), bytes);
  await assert.rejects(writeSession(folder, cut(loaded, 'piece', 0, 10)), /is there already/);
  assert.equal(cut(loaded, 'head', 0, 300).predictions.length, 1);
  assert.throws(() => cut(loaded, 'x', 5, 5), /expected a stretch within 0 to 1500/);
  assert.throws(() => cut(loaded, 'x', 0, 1501), /expected a stretch/);
});

test('a session that does not read back as it should never gets its name', async () => {
  const { folder, load } = await session();
  const content = cut(load(), 'backwards', 0, 600);
  const arrivalUs = content.arrivalUs.slice().reverse();
  const before = readdirSync(folder);
  await assert.rejects(writeSession(folder, { ...content, arrivalUs }), /a clock running backwards/);
  assert.deepEqual(readdirSync(folder), before);
});

test('a session is split by label', async () => {
  const { load } = await session();
  assert.deepEqual(stretchesByLabel(load()), [
    { from: 0, to: 500, label: 'ICE' },
    { from: 1000, to: 1500, label: 'SNOW' },
  ]);
});

test('a CSV recording is imported as a session with the same numbers, times and labels', async () => {
  const folder = fresh();
  const file = join(folder, 'drive.csv');
  writeFileSync(file, 'time,cur,label\n0,1.25,ICE\n0.1538,2,ICE\n0.3,3.5,\n0.45,-4,SNOW\n');
  const [source] = readRecordings({ label: undefined, id: 'drive', file });
  const start = Date.UTC(2026, 1, 1);
  const { file: out } = await writeSession(
    folder,
    importRecording(source, { robotId: 'r', version: '1', startWallMs: start }),
  );
  const back = loadSession([out]);
  assert.deepEqual(back.recording.values, source.values);
  assert.deepEqual(back.recording.timeUs, source.timeUs);
  assert.deepEqual(back.recording.spans, source.spans);
  assert.deepEqual([back.input.robotId, back.head.startTime], ['r', '2026-02-01T00:00:00.000Z']);
  assert.equal(back.head.metadata.imported.file, file);
});
