import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { comparePredictions } from '../agent/compare.ts';
import { UserError } from '../agent/errors.ts';
import { createProtocol, protocolSchema } from '../agent/protocol/registry.ts';
import { RecordingControl } from '../agent/recording-control.ts';
import { replaySession, reproduce } from '../agent/reproduce.ts';
import type { DiskHandle, OpenDisk } from '../agent/session/part-file.ts';
import { ReadingStream } from '../agent/session/reading-stream.ts';
import { signalReport } from '../agent/signal/signal-health.ts';
import { live as liveIn, recorded, withTime } from './recording.ts';
import { testFolder, until } from './session/helpers.ts';
import { toyModel } from './session/toy-model.ts';

const root = testFolder('control');
const live = (...args: Parameters<typeof liveIn> extends [string, ...infer R] ? R : never) =>
  liveIn(root, ...args);
const withoutTime = { name: 'text', columns: [{ column: 1, channel: 'cur' }] };

for (const [name, spec] of [
  ['a wrapping device clock', withTime],
  ['no device clock', withoutTime],
] as const) {
  test(`a session recorded in the middle of a drive, with ${name}, replays to the very same predictions`, async () => {
    const { folder, pipeline, control, drive } = live(spec);
    await drive(1234);
    await control.start({ label: 'ICE', note: 'wet' });
    await drive(900);
    control.label('SNOW', 'key');
    await drive(500);
    pipeline.restart();
    await drive(700);
    await control.stop();
    const session = await recorded(folder);
    const replayed = await replaySession(session, toyModel());
    const result = reproduce(session, replayed);
    assert.ok(result.recorded > 100, `${result.recorded} predictions`);
    assert.deepEqual(
      [result.identical, result.different.length, result.missing.length],
      [result.recorded, 0, 0],
    );
    assert.deepEqual(
      session.recording.spans.map((s) => s.label),
      ['ICE', 'SNOW'],
    );
  });
}

test('a replay that differs in one bit is told from one that does not', async () => {
  const { folder, control, drive } = live(withTime);
  await control.start({});
  await drive(400);
  await control.stop();
  const session = await recorded(folder);
  session.recording.values[200] += 1e-6;
  const result = reproduce(session, await replaySession(session, toyModel()));
  assert.ok(result.different.length > 0 && result.different.length < result.recorded);
});

test('another model is compared window by window: what changed, and whether it became better', async () => {
  const { folder, control, drive } = live(withTime);
  await control.start({ label: 'ICE' });
  await drive(600);
  await control.stop();
  const session = await recorded(folder);
  const other = await replaySession(session, toyModel({ name: 'other', bias: 1000 }));
  const comparison = comparePredictions(session.recording, session.predictions, other);
  assert.equal(comparison.windows, session.predictions.length);
  assert.equal(comparison.labelled, comparison.windows);
  assert.ok(other.every((p) => p.label === 'ICE'));
  assert.equal(comparison.after.accuracy, 1);
  const [change] = comparison.changes;
  assert.deepEqual([change.from, change.to, change.worse], ['SNOW', 'ICE', 0]);
  assert.equal(change.better, change.windows);
  assert.equal(comparison.agreement, (comparison.windows - change.windows) / comparison.windows);
});

test('start, label, undo, stop: each is said, and what makes no sense is refused', async () => {
  const { control, drive, bodies } = live(withTime);
  assert.equal(control.body.state, 'idle');
  assert.throws(() => control.label('ICE', 'key'), /found no recording running/);
  await assert.rejects(control.stop(), /found no recording running/);
  await assert.rejects(control.start({ label: 'a/b' }), /expected letters, digits/);
  const body = await control.start({ label: 'ICE' });
  assert.equal(body.sessionId, '20260505T000001Z_rover');
  await assert.rejects(control.start({}), /running, expected none/);
  await drive(10);
  assert.equal(control.label('SNOW', 'key').label, 'SNOW');
  assert.equal(control.undo('key').label, 'ICE');
  const end = await control.stop('enough');
  assert.deepEqual([end.state, end.reason, end.sessionId], ['idle', 'enough', '20260505T000001Z_rover']);
  assert.ok((end.freeBytes ?? 0) > 0);
  assert.equal(bodies.length, 4);
});

test('what undo takes back is the last of labels and marks, and never the label it began with', async () => {
  const { folder, control, drive } = live(withTime);
  await control.start({ label: 'ICE' });
  await drive(10);
  control.mark('bump');
  control.label('SNOW', 'key');
  control.mark('stone');
  assert.equal(control.undo('key').label, 'SNOW');
  assert.equal(control.undo('key').label, 'ICE');
  control.undo('key');
  assert.throws(() => control.undo('key'), /found no label or mark to take back/);
  control.mark('kept');
  await control.stop();
  const { events, labels } = await recorded(folder);
  assert.deepEqual(
    events.map(({ kind, detail }) => [kind, detail]),
    [['mark', 'kept']],
  );
  assert.deepEqual(
    labels.changes().map(({ label }) => label),
    ['ICE'],
  );
});

test('a label since a time of day begins there, and only within the recording', async () => {
  const { folder, control, drive, time } = live(withTime);
  const { startTime = '' } = await control.start({ label: 'ICE' });
  const startUs = time.us;
  await drive(100);
  const after = (ms: number) => new Date(Date.parse(startTime) + ms).toISOString();
  control.labelSince('SNOW', 'mqtt', after(500));
  assert.throws(() => control.labelSince('MUD', 'mqtt', after(-1)), /time: found .*, expected .* to /);
  assert.throws(() => control.labelSince('MUD', 'mqtt', after(60_000)), /time: found/);
  await control.stop();
  assert.deepEqual((await recorded(folder)).labels.changes(), [
    { label: 'ICE', atUs: startUs },
    { label: 'SNOW', atUs: startUs + 500_000 },
  ]);
});

test('without a model, readings are recorded alone, to the last bit', async () => {
  const folder = mkdtempSync(`${root}/c-`);
  const protocol = createProtocol(protocolSchema.parse(withTime));
  const stream = new ReadingStream(protocol.decoder);
  const time = { us: 1_000_000 };
  const control = new RecordingControl(stream, {
    robotId: 'rover',
    version: '0.0.0',
    protocol,
    protocolSpec: withTime,
    input: { file: 'test.yaml' },
    space: { folder, minFreeBytes: 0, deleteLabelled: false },
    clocks: { nowUs: () => time.us, nowMs: () => Date.UTC(2026, 4, 5) },
  });
  await control.start({ label: 'ICE' });
  for (let i = 0; i < 200; i++) {
    time.us += 20_000;
    if (i === 100) stream.restart();
    stream.feed(Buffer.from(`${i * 20_000},${i / 8}\n`), time.us);
  }
  const { samples } = await control.stop();
  const { recording, predictions, head } = await recorded(folder);
  assert.deepEqual([samples, predictions.length, head.metadata.model], [recording.rows, 0, undefined]);
  assert.ok(recording.rows >= 198, `${recording.rows} rows`);
  assert.ok(recording.values.every((value) => Number.isInteger(value * 8)));
  assert.equal(recording.breaks?.length, 1);
});

test('a second recording within the same second has a name of its own', async () => {
  const { control, drive } = live(withTime);
  const ids: (string | null)[] = [];
  for (let i = 0; i < 3; i++) {
    ids.push((await control.start({})).sessionId);
    await drive(1);
    await control.stop();
  }
  assert.deepEqual(ids, ['20260505T000001Z_rover', '20260505T000001Z_rover_2', '20260505T000001Z_rover_3']);
});

test('while the disk refuses, the robot goes on predicting and says what is wrong', async () => {
  let full = false;
  const openDisk: OpenDisk = async (path) => {
    const handle = await open(path, 'wx');
    const refuse = () => Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
    return new Proxy(handle, {
      get: (target, key) => {
        const value = key === 'write' && full ? refuse : target[key as keyof DiskHandle];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const limits = { chunkMs: 1 };
  const { control, drive, pipeline } = live(withTime, toyModel(), { openDisk, limits });
  let predictions = 0;
  pipeline.watchers.add({ onPrediction: () => void predictions++ });
  await control.start({ label: 'ICE' });
  await drive(300);
  full = true;
  const before = predictions;
  await drive(300);
  await until(() => control.trouble !== undefined, 'the trouble is seen');
  await drive(300);
  assert.ok(predictions > before + 50, `${predictions - before} predictions`);
  assert.match(control.trouble ?? '', /recording: no space left where sessions are kept/);
  assert.match(control.body.reason ?? '', /no space left/);
  const end = await control.stop();
  assert.match(end.reason ?? '', /no space left.*; underfoot sessions recover completes the file/);
  const lost = Number(/(\d+) samples were lost/.exec(end.reason ?? '')?.[1]);
  assert.ok(lost > 0);
  assert.equal(control.lostSamples, lost);
  full = false;
  await control.start({ label: 'ICE' });
  await drive(300);
  await control.stop();
  assert.equal(control.lostSamples, lost, 'what earlier sessions lost stays counted');
});

test('a folder that cannot be made is refused with a reason', async () => {
  const file = `${root}/file`;
  writeFileSync(file, '');
  const space = { folder: `${file}/sessions`, minFreeBytes: 0, deleteLabelled: false };
  const { control } = live(withTime, toyModel(), { space });
  await assert.rejects(control.start({}), (error: unknown) => {
    return (
      error instanceof UserError && error.exitCode === 74 && /cannot be written: ENOTDIR/.test(error.message)
    );
  });
});

test('a recording without room is refused before it begins, and the robot goes on', async () => {
  const model = toyModel();
  const { control, drive, pipeline } = live(withTime, model);
  const cramped = new RecordingControl(pipeline, {
    ...(control as unknown as { readonly options: object }),
    robotId: 'rover',
    version: '0',
    protocol: { channels: ['cur'], timeBase: { tickUs: 1 } },
    protocolSpec: {},
    input: { file: 'x' },
    model: () => model,
    space: { folder: root, minFreeBytes: 2 ** 60, deleteLabelled: false },
  });
  await assert.rejects(cramped.start({}), /too little room for a session/);
  await drive(300);
  assert.ok(pipeline.parts.path.counts.windows > 0);
});

test('what is counted since the start goes on when a recording makes windows begin anew', async () => {
  const { control, drive, pipeline, time } = live(withTime);
  await drive(300);
  time.us += 5e6;
  const { parts } = pipeline;
  pipeline.push({ deviceTicks: 2 ** 23, sequence: Number.NaN, values: Float64Array.of(Number.NaN) }, time.us);
  const before = signalReport(parts.path);
  assert.ok(
    before.refusedSamples === 1 &&
      before.windowRestarts > 0 &&
      parts.path.gaps.gaps + before.deviceResets > 0,
  );
  await control.start({});
  assert.notEqual(pipeline.parts.path, parts.path);
  const after = signalReport(pipeline.parts.path);
  for (const key of [
    'refusedSamples',
    'lostSamples',
    'lateSamples',
    'windowRestarts',
    'deviceResets',
  ] as const) {
    assert.equal(after[key], before[key], key);
  }
  assert.equal(pipeline.parts.path.gaps.gaps, parts.path.gaps.gaps);
  assert.equal(pipeline.parts.path.counts.samples, parts.path.counts.samples);
  await control.stop();
});
