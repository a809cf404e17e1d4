import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { zipSync } from 'fflate';
import { createJudge, createSamplePath } from '../../agent/assemble.ts';
import { UserError } from '../../agent/errors.ts';
import type { Prediction } from '../../agent/judge.ts';
import type { LoadedModel } from '../../agent/model/load.ts';
import { ModelSlot } from '../../agent/model-slot.ts';
import { Pipeline } from '../../agent/pipeline.ts';
import { createProtocol, protocolSchema } from '../../agent/protocol/registry.ts';
import type { ModelReportBody } from '../../agent/publish/payloads.ts';
import { type Announcement, signAnnouncement } from '../../agent/publish/rollout/announcement.ts';
import { packBundle, unpackBundle } from '../../agent/publish/rollout/bundle.ts';
import { Rollout, type RolloutOptions } from '../../agent/publish/rollout/rollout.ts';
import { ModelStore } from '../../agent/publish/rollout/store.ts';
import { createTopics } from '../../agent/publish/topics.ts';
import { toyModel } from '../session/toy-model.ts';

const root = mkdtempSync(join(tmpdir(), 'underfoot-rollout-'));
after(() => rmSync(root, { recursive: true, force: true }));
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const windows = 10;

/** What a toy model of the tests does, by the `kind` in its card.json. */
const kinds: Record<string, (window: number) => Float32Array | Promise<Float32Array>> = {
  good: () => Float32Array.of(0.9, 0.1),
  unsure: () => Float32Array.of(0.55, 0.45),
  nan: () => Float32Array.of(Number.NaN, 1),
  throws: () => Promise.reject(new Error('no')),
  laterThrows: (n) => (n < windows + 3 ? Float32Array.of(0.9, 0.1) : Promise.reject(new Error('no'))),
  laterUnsure: (n) => (n < windows ? Float32Array.of(0.9, 0.1) : Float32Array.of(0.51, 0.49)),
};

let opened = 0;
function model(
  folder: string,
  { kind = 'good', name = 'toy', version = '1', rateHz = 25, selfTest = true },
): LoadedModel {
  const toy = toyModel({ name });
  if (!selfTest) throw new UserError(`${folder}: self-test failed`, 78);
  let n = 0;
  opened++;
  return {
    ...toy,
    folder,
    card: { ...toy.card, version, rateHz },
    classifier: { engine: 'toy', classify: async () => kinds[kind](n++), close: async () => void opened-- },
  };
}

class TestSlot extends ModelSlot {
  override async load(folder: string): Promise<LoadedModel> {
    return model(folder, JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')));
  }
  override card(folder: string) {
    return model(folder, JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8'))).card;
  }
}

interface Robot {
  pipeline: Pipeline;
  rollout: Rollout;
  reports: ModelReportBody[];
  predictions: Prediction[];
  store: ModelStore;
  slot: ModelSlot;
  /** Drives until a report has this state. */
  driveUntil(state: ModelReportBody['state']): Promise<ModelReportBody>;
  drive(windows: number): Promise<void>;
  announce(announcement: object): void;
}

function robot(folder = mkdtempSync(join(root, 'store-')), options: Partial<RolloutOptions> = {}): Robot {
  const configuredFolder = join(root, 'configured');
  mkdirSync(configuredFolder, { recursive: true });
  writeFileSync(join(configuredFolder, 'card.json'), '{"name":"toy","version":"1"}');
  const store = new ModelStore(folder);
  const start = store.startFolder() ?? configuredFolder;
  const first = model(start, JSON.parse(readFileSync(join(start, 'card.json'), 'utf8')));
  const protocol = createProtocol(
    protocolSchema.parse({
      name: 'text',
      columns: [{ column: 1, channel: 'cur' }],
      time: { column: 0, unit: 'us', wrapBits: 32 },
    }),
  );
  const path = createSamplePath(first.card, protocol, { file: 'test' });
  const pipeline = new Pipeline({ decoder: protocol.decoder, path, ...createJudge(first) });
  const slot = new TestSlot(pipeline, first, { configuredFolder, engine: 'auto' });
  const reports: ModelReportBody[] = [];
  const predictions: Prediction[] = [];
  pipeline.watchers.add({ onPrediction: (p) => void predictions.push(p) });
  let tell = () => {};
  const rollout = new Rollout(
    slot,
    store,
    {
      topics: createTopics('underfoot', 'r1'),
      subscribe: () => {},
      publishModel: (body) => {
        reports.push(body);
        tell();
      },
    },
    {
      robotId: 'r1',
      publicKeys: [publicKey],
      allowUnsigned: false,
      shadowWindows: windows,
      log: { debug: () => {}, info: () => {}, warn: (line) => assert.fail(line) },
      ...options,
    },
  );
  let sample = 0;
  const drive = async (count: number) => {
    for (const end = sample + count * 10; sample < end; sample++) {
      pipeline.feed(Buffer.from(`${sample * 20_000},1.5\n`), sample * 20_000);
      await pipeline.idle();
    }
  };
  const driveUntil = async (state: ModelReportBody['state']) => {
    for (let i = 0; i < 400; i++) {
      const found = reports.find((r) => r.state === state);
      if (found) return found;
      // Downloads take real time; the robot drives on meanwhile.
      await Promise.race([
        drive(1).then(() => new Promise(setImmediate)),
        new Promise<void>((r) => (tell = r)),
      ]);
    }
    throw new Error(`no ${state}: ${JSON.stringify(reports)}`);
  };
  const announce = (announcement: object) => rollout.announce(Buffer.from(JSON.stringify(announcement)));
  return { pipeline, rollout, reports, predictions, store, slot, drive, driveUntil, announce };
}

/** Makes a bundle and its announcement; `card` is what card.json says. */
function announced(card: object, change: Partial<Announcement> = {}): Announcement {
  const folder = mkdtempSync(join(root, 'model-'));
  const { name, version } = { name: 'toy', version: '2', ...card };
  writeFileSync(join(folder, 'card.json'), JSON.stringify({ name, version, ...card }));
  writeFileSync(join(folder, 'model.onnx'), 'not really');
  const bytes = packBundle(folder);
  const file = join(folder, 'bundle.zip');
  writeFileSync(file, bytes);
  const announcement: Announcement = {
    schemaVersion: 1,
    name,
    version,
    issued: '2026-01-02T03:04:05.678Z',
    url: pathToFileURL(file).href,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    card: {
      labels: ['ICE', 'SNOW'],
      rateHz: 25,
      steps: 50,
      stride: 5,
      channels: [{ name: 'cur', unit: 'A' }],
    },
    share: 1,
    ...change,
  };
  return signAnnouncement(announcement, privateKey);
}

test('a signed model is verified, run in shadow, switched to without losing a window, and proved', async () => {
  const r = robot();
  await r.drive(20);
  r.announce(announced({}));
  const active = await r.driveUntil('active');
  assert.match(active.reason ?? '', /on trial/);
  assert.equal(active.shadow?.windows, windows);
  assert.equal(active.shadow?.failures, 0);
  await r.drive(windows + 2);
  await r.rollout.idle();
  assert.deepEqual(
    r.reports.map((x) => x.state),
    ['downloading', 'verifying', 'shadow', 'active', 'active'],
  );
  assert.deepEqual([r.reports[4].active, r.store.active, r.store.onTrial], ['toy@2', 'toy@2', false]);
  const indices = r.predictions.map((p) => p.window.index);
  assert.deepEqual(
    indices,
    Array.from(indices, (_, i) => i),
    'no window is lost or doubled',
  );
  const versions = r.predictions.map((p) => p.card.version).join('');
  assert.match(versions, /^1+2+$/);
  assert.equal(r.pipeline.failedWindows, 0);
  // The retained announcement comes again at each connect: nothing is done anew.
  r.announce(announced({}));
  await r.rollout.idle();
  assert.equal(r.reports.length, 6);
});

test('what must be refused is refused, with the reason, and the model in use goes on', async () => {
  const cases: [string, object, RegExp][] = [
    ['no announcement', { hello: 1 }, /not as docs/],
    ['unsigned', { ...announced({}), signature: undefined }, /not signed/],
    [
      'a key that nobody trusts',
      signAnnouncement(announced({}), generateKeyPairSync('ed25519').privateKey),
      /trusts/,
    ],
    ['changed after signing', { ...announced({}), bytes: 1 }, /trusts/],
    ['other windows', announced({}, { card: { ...announced({}).card, rateHz: 50 } }), /at 50 Hz.*at 25 Hz/],
    ['other bytes', announced({}, { sha256: '0'.repeat(64) }), /SHA-256/],
    ['another size', announced({}, { bytes: 10 }), /10, as announced/],
    ['a card that says another name', announced({ name: 'toy' }, { name: 'other' }), /the card says toy@2/],
    ['a card with other windows', announced({ rateHz: 50 }), /at 50 Hz/],
    ['a failed self-test', announced({ selfTest: false }), /self-test failed/],
    ['no file', announced({}, { url: 'file:///nowhere/x.zip', bytes: 1 }), /ENOENT|no such file/],
  ];
  for (const [what, announcement, reason] of cases) {
    const r = robot();
    await r.drive(5);
    r.announce(announcement);
    const report = what === 'no file' ? undefined : await r.driveUntil('rejected');
    if (report) assert.match(report.reason ?? '', reason, what);
    await r.rollout.stop();
    await r.drive(15);
    assert.equal(r.slot.active().card.version, '1', what);
    assert.deepEqual(r.store.list(), [], what);
  }
});

test('unsigned models are taken where the configuration says so, but a wrong signature never', async () => {
  const r = robot(undefined, { allowUnsigned: true });
  await r.drive(12);
  r.announce({ ...announced({}), signature: 'AAAA' });
  assert.equal(r.reports[0].state, 'rejected');
  r.announce({ ...announced({}), signature: undefined });
  await r.driveUntil('active');
  await r.rollout.stop();
});

for (const [kind, reason] of [
  ['unsure', /mean confidence 0\.550, before 0\.900/],
  ['nan', /failed on/],
  ['throws', /failed on/],
] as const) {
  test(`a model that is ${kind} in the shadow run never takes over, and is not tried again`, async () => {
    const r = robot();
    await r.drive(12);
    const announcement = announced({ kind });
    r.announce(announcement);
    const report = await r.driveUntil('rejected');
    assert.match(report.reason ?? '', reason);
    await r.rollout.idle();
    r.announce(announcement);
    await r.rollout.idle();
    assert.equal(r.reports.filter((x) => x.state === 'downloading').length, 1);
    assert.equal(r.reports.at(-1)?.state, 'rejected');
    assert.ok(r.predictions.every((p) => p.card.version === '1'));
  });
}

for (const kind of ['laterThrows', 'laterUnsure']) {
  test(`a model that is good in the shadow run and bad on trial (${kind}) is rolled back by itself`, async () => {
    const before = opened;
    const r = robot();
    await r.drive(12);
    const announcement = announced({ kind });
    r.announce(announcement);
    const report = await r.driveUntil('rolled-back');
    assert.match(report.reason ?? '', /failed after|mean confidence/);
    await r.rollout.idle();
    // The retained announcement comes again at each connect.
    r.announce(announcement);
    await r.rollout.idle();
    assert.equal(r.reports.at(-1)?.state, 'rejected');
    assert.equal(r.reports.at(-1)?.reason, report.reason);
    await r.drive(5);
    assert.equal(r.predictions.at(-1)?.card.version, '1');
    assert.deepEqual([r.store.active, r.store.onTrial], [null, false]);
    assert.equal(opened - before, 1, 'one model is open');
  });
}

test('a newer announcement supersedes the one under way, and an older one is refused after it', async () => {
  const r = robot();
  await r.drive(12);
  const third = announced({ version: '3' }, { issued: '2026-01-03T00:00:00.000Z' });
  r.announce(announced({ version: '2' }));
  await r.driveUntil('shadow');
  r.announce(third);
  r.announce(third);
  const active = await r.driveUntil('active');
  assert.equal(active.model, 'toy@3');
  r.announce(announced({ version: '2' }));
  assert.match(r.reports.at(-1)?.reason ?? '', /older than/);
  await r.rollout.stop();
});

test('a robot outside the canary share waits, and takes part when the share grows', async () => {
  const r = robot();
  await r.drive(12);
  r.announce(announced({}, { share: 0 }));
  assert.equal(r.reports[0].state, 'waiting');
  r.announce(announced({}, { share: 1, issued: '2026-01-02T03:04:06.000Z' }));
  await r.driveUntil('active');
  await r.rollout.stop();
});

test('the choice survives a restart; a model that does not live through its trial is given up', async () => {
  const folder = mkdtempSync(join(root, 'store-'));
  const r = robot(folder);
  await r.drive(12);
  const deadly = announced({});
  r.announce(deadly);
  await r.driveUntil('active');
  await r.rollout.stop();
  // Killed on trial, twice: the third start goes back, says so, and does not take it again.
  assert.equal(robot(folder).slot.active().card.version, '2');
  const second = robot(folder);
  assert.equal(second.slot.active().card.version, '2');
  // Its announcement is retained, and comes again: it is in use, and has yet to prove itself.
  second.rollout.start();
  second.announce(deadly);
  assert.deepEqual(
    second.reports.map((x) => [x.state, x.model, x.reason]),
    [['active', 'toy@2', 'still on trial']],
  );
  await second.rollout.stop();
  const third = robot(folder);
  assert.equal(third.slot.active().card.version, '1');
  third.rollout.start();
  third.announce(deadly);
  await third.rollout.idle();
  assert.deepEqual(
    third.reports.map((x) => [x.state, x.model, x.reason]),
    ['rolled-back', 'rejected'].map((state) => [state, 'toy@2', 'the agent ended 3 times during its trial']),
  );

  const again = robot(folder);
  again.rollout.start();
  await again.drive(12);
  again.announce(announced({ version: '4' }, { issued: '2026-02-01T00:00:00.000Z' }));
  await again.driveUntil('active');
  await again.drive(windows + 2);
  await again.rollout.idle();
  for (let i = 0; i < 4; i++) assert.equal(robot(folder).slot.active().card.version, '4');
  writeFileSync(join(folder, 'state.json'), '{"act');
  assert.equal(robot(folder).slot.active().card.version, '1', 'a damaged state is the configured model');
});

test('models are listed, activated and rolled back on request, which older announcements do not undo', async () => {
  const r = robot();
  await r.drive(12);
  const announcement = announced({});
  r.announce(announcement);
  await r.driveUntil('active');
  await r.drive(windows + 2);
  await r.rollout.idle();
  const versions = (x: { models: { version: string; active: boolean }[] }) =>
    x.models.map((m) => `${m.version}${m.active ? '*' : ''}`);
  assert.deepEqual(versions(r.rollout.list()), ['1', '2*']);
  assert.deepEqual(versions(await r.rollout.command({ action: 'rollback' })), ['1*', '2']);
  await assert.rejects(r.rollout.command({ action: 'rollback' }), /no model to go back to/);
  r.announce(announcement);
  assert.match(r.reports.at(-1)?.reason ?? '', /a request chose another model/);
  const { active } = await r.rollout.command({ action: 'activate', name: 'toy', version: '2' });
  assert.equal(active, 'toy@2');
  await assert.rejects(r.rollout.command({ action: 'activate', name: 'nope' }), /found no model nope/);
  await r.rollout.command({ action: 'rollback' });
  r.announce(announced({}, { issued: '2026-01-03T00:00:00.000Z' }));
  assert.equal(r.reports.at(-1)?.state !== 'rejected', true, 'announced anew, it is taken');
  await r.rollout.stop();
});

test('a bundle comes over HTTP, no more of it than announced, and must be a flat zip', async () => {
  const r = robot(undefined, { retryMs: 1 });
  const announcement = announced({});
  const bytes = readFileSync(new URL(announcement.url));
  let busy = 0;
  const server = createServer((request, response) => {
    if (request.url === '/endless') {
      response.on('error', () => {});
      const write = () =>
        response.write(Buffer.alloc(65_536), () => !response.destroyed && setImmediate(write));
      write();
    } else if (request.url === '/busy' && busy++ < 1) response.writeHead(503).end();
    else response.end(bytes);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const at = (path: string) => ({ url: `http://127.0.0.1:${address.port}${path}` });
  await r.drive(12);
  r.announce(announced({}, at('/endless')));
  assert.match((await r.driveUntil('rejected')).reason ?? '', /more than \d+ bytes/);
  r.announce(announced({}, { ...at('/busy'), issued: '2026-01-02T03:04:06.000Z' }));
  await r.driveUntil('active');
  await r.rollout.stop();
  server.closeAllConnections();
  server.close();

  for (const [files, reason] of [
    [{ '../x': new Uint8Array(1), 'card.json': new Uint8Array(1) }, /flat zip/],
    [{ 'a/b': new Uint8Array(1) }, /flat zip/],
    [{ 'model.onnx': new Uint8Array(1) }, /no card\.json/],
    [
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, new Uint8Array(1)])),
      /more than 32 files/,
    ],
  ] as const) {
    assert.throws(() => unpackBundle(Buffer.from(zipSync(files)), 'x.zip'), {
      exitCode: 65,
      message: reason,
    });
  }
  assert.throws(() => unpackBundle(Buffer.from('no zip at all'), 'x.zip'), { exitCode: 65 });
  assert.equal(existsSync(join(root, 'x')), false);
});

test('nothing but whole models is ever in the store', async () => {
  const folder = mkdtempSync(join(root, 'store-'));
  mkdirSync(join(folder, '.toy@9.partial'));
  const store = new ModelStore(folder);
  assert.deepEqual(store.list(), []);
  store.add('toy@2', new Map([['card.json', Buffer.from('{}')]]));
  assert.deepEqual(readdirSync(folder), ['toy@2']);
});
