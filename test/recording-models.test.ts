/** A session replays to the very same predictions, also where gain tracking had learnt, or another model took over. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { test } from 'node:test';
import { createGainTracker, createJudge, createSamplePath } from '../agent/assemble.ts';
import type { LoadedModel } from '../agent/model/load.ts';
import { ModelSlot } from '../agent/model-slot.ts';
import { Pipeline } from '../agent/pipeline.ts';
import { createProtocol, protocolSchema } from '../agent/protocol/registry.ts';
import { RecordingControl } from '../agent/recording-control.ts';
import { replaySession, reproduce } from '../agent/reproduce.ts';
import { listSessions } from '../agent/session/session-list.ts';
import { loadSession } from '../agent/session/session-recording.ts';
import { Random } from '../agent/simulate/random.ts';
import { live, recorded, withTime } from './recording.ts';
import { testFolder } from './session/helpers.ts';
import { toyModel } from './session/toy-model.ts';

const root = testFolder('models');

/** The toy at 50 Hz, for a current that lies on multiples of 0.13 A. */
function latticeModel(): LoadedModel {
  const model = toyModel({ bias: -2.4 });
  const { reference } = model.card;
  const resolution = { cur: { step: 0.13, phase: 0.5, fit: 0.99 } };
  return { ...model, card: { ...model.card, rateHz: 50, reference: { ...reference, resolution } } };
}

test('a session that began with a tracked gain, which changes again, replays to the very same predictions', async () => {
  const folder = mkdtempSync(`${root}/g-`);
  const model = latticeModel();
  const protocol = createProtocol(protocolSchema.parse(withTime));
  const input = { file: 'test.yaml' };
  const pipeline = new Pipeline({
    decoder: protocol.decoder,
    path: createSamplePath(model.card, protocol, input),
    ...createJudge(model, 50, createGainTracker(model.card)),
  });
  let timeUs = 1_000_000;
  const control = new RecordingControl(pipeline, {
    robotId: 'rover',
    version: '0.0.0',
    protocol,
    protocolSpec: withTime,
    input,
    model: () => model,
    space: { folder, minFreeBytes: 0, deleteLabelled: false },
    clocks: { nowUs: () => timeUs, nowMs: () => Date.UTC(2026, 4, 5) + timeUs / 1000 },
  });
  const random = new Random(3);
  const drive = async (samples: number, gain: number) => {
    for (let i = 0; i < samples; i++) {
      timeUs += 20_000;
      const currentA = 4 + 3 * Math.sin(timeUs / 180_000) + 0.6 * random.normal();
      const digitised = 0.13 * (Math.round(currentA / 0.13 - 0.5) + 0.5);
      pipeline.feed(Buffer.from(`${timeUs % 2 ** 24},${(gain * digitised).toFixed(3)}\n`), timeUs);
      // Many windows wait at once, as they do behind a slow classifier.
      if (i % 40 === 0) await pipeline.idle();
    }
    await pipeline.idle();
  };
  await drive(400, 1.5);
  const before = pipeline.parts.gain?.state.gain[0] ?? 1;
  assert.ok(Math.abs(before - 1.5) < 0.01, `tracked ${before} before the session`);
  await control.start({});
  await drive(300, 1.5);
  await drive(500, 1);
  await control.stop();

  const session = await recorded(folder);
  const gains = new Set(session.predictions.map(({ gain }) => (gain as { cur: number }).cur.toFixed(1)));
  assert.deepEqual([...gains], ['1.5', '1.0']);
  const result = reproduce(session, await replaySession(session, model));
  assert.ok(result.recorded > 100, `${result.recorded} predictions`);
  assert.deepEqual(result.different, []);
  assert.equal(result.identical, result.recorded);
  const forgetful = reproduce(session, await replaySession({ ...session, gain: undefined }, model));
  assert.ok(forgetful.different.length > 10, 'what was learnt before the session matters');
});

test('metadata of gain tracking that the model cannot have written is refused with its name', async () => {
  const { folder, control, drive } = live(root, withTime);
  await control.start({});
  await drive(400);
  await control.stop();
  const session = await recorded(folder);
  const gain = createGainTracker(latticeModel().card).memory();
  await assert.rejects(replaySession({ ...session, gain }, toyModel()), /gain: found channels or surfaces/);
});

/** A live pipeline whose model can be changed while it records. */
function changing(more: object = {}) {
  const models = [toyModel({ name: 'first' }), toyModel({ name: 'second', bias: -0.4 })];
  let active = models[0];
  const parts = live(root, withTime, active, { model: () => slot.active(), ...more });
  const slot: ModelSlot = new ModelSlot(parts.pipeline, active, {
    configuredFolder: 'toy',
    engine: 'auto',
    handOver: (model, swap) => parts.control.handOver(model, swap),
    onChange: (model) => {
      active = model;
    },
  });
  return { ...parts, models, slot };
}

test('with another model the session ends and the next begins: no reading is lost, and each replays with its own', async () => {
  const { folder, control, drive, pipeline, models, slot, bodies } = changing();
  let readings = 0;
  pipeline.watchers.add({ onReading: () => void readings++ });
  const first = await control.start({ label: 'ICE', note: 'wet' });
  await drive(600);
  control.label('SNOW', 'key');
  await Promise.all([slot.activate(models[1]), drive(300)]);
  await drive(600);
  const last = await control.stop();

  const sessions = (await listSessions(folder)).map(({ parts }) => loadSession(parts.map((p) => p.file)));
  assert.deepEqual(
    sessions.map((s) => [s.model?.name, s.head.metadata.note?.text, s.head.metadata.continues?.session]),
    [
      ['first', 'wet', undefined],
      ['second', 'wet', first.sessionId],
    ],
  );
  assert.equal(
    sessions.reduce((sum, s) => sum + s.recording.rows, 0),
    readings,
  );
  for (const [i, session] of sessions.entries()) {
    const result = reproduce(session, await replaySession(session, models[i]));
    assert.ok(result.recorded > 30, `${result.recorded} predictions`);
    assert.equal(session.predictions.length, result.recorded);
    assert.equal(result.identical, result.recorded);
  }
  assert.deepEqual(
    sessions.map((s) => s.recording.spans.map((span) => span.label)),
    [['ICE', 'SNOW'], ['SNOW']],
  );
  const [event] = sessions[0].events;
  assert.equal(event.kind, 'model');
  assert.match(event.detail, /^second@1.0.0 was taken into use; the recording goes on as .*_rover/);
  assert.ok(bodies.some((body) => 'continues' in body && body.continues === first.sessionId));
  assert.notEqual(last.sessionId, first.sessionId);
});

test('where the next session finds no room, the model changes all the same and the recording ends with the reason', async () => {
  const space = { minFreeBytes: 0, deleteLabelled: false, folder: mkdtempSync(`${root}/s-`) };
  const { control, drive, models, slot } = changing({ space });
  await control.start({ label: 'ICE' });
  await drive(300);
  space.minFreeBytes = 2 ** 60;
  await slot.activate(models[1]);
  assert.equal(slot.active().card.name, 'second');
  assert.equal(control.state, undefined);
  assert.match(
    control.body.reason ?? '',
    /^second@1.0.0 was taken into use; the next session: .*too little room/,
  );
});
