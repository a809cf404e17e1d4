/** `underfoot record` as a person starts it: on a real pseudo terminal, with a real broker, killed and recovered. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { modelFolder } from '../../agent/model/card-file.ts';
import { loadModel } from '../../agent/model/load.ts';
import { protocolSchema } from '../../agent/protocol/registry.ts';
import { replaySession, reproduce } from '../../agent/reproduce.ts';
import { readNote } from '../../agent/session/session-input.ts';
import { listSessions } from '../../agent/session/session-list.ts';
import { loadSession } from '../../agent/session/session-recording.ts';
import { verifyFile } from '../../agent/session/verify.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';
import { SimulatedRobot } from '../../agent/simulate/robot.ts';
import { RobotCurrent } from '../../agent/simulate/robot-current.ts';
import { type ServedDevice, serveDevice } from '../../agent/simulate/serve.ts';
import { freePort, type Mosquitto, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { endAll, startUnderfoot } from '../helpers/underfoot.ts';
import { testFolder, until } from '../session/helpers.ts';

const root = testFolder('record');
const rateHz = 50;
const protocol = {
  name: 'text',
  header: ['t', 'curL', 'curR'],
  columns: ['curL', 'curR'],
  time: { column: 't', unit: 'us', wrapBits: 32 },
};

let device: ServedDevice;
before(async () => {
  const robot = new SimulatedRobot({ seed: 7, rateHz, labels: ['ASPHALT', 'GRASS'], dwellS: 20 });
  const spec = protocolSchema.parse(protocol);
  device = await serveDevice(createSimulatedDevice(spec, new RobotCurrent(robot, rateHz).at, rateHz));
});
after(() => device.close());
afterEach(endAll);

/** A robot of its own: configuration and folder of sessions. YAML is a superset of JSON. */
function robot(more: object = {}) {
  const folder = mkdtempSync(join(root, 'r-'));
  const config = join(folder, 'robot.yaml');
  const content = {
    robotId: 'rover',
    source: { kind: 'serial', port: device.path, baudRate: 115200 },
    protocol,
    model: 'demo-six-surfaces',
    mqtt: { url: 'mqtt://127.0.0.1:1' },
    sessions: { minFreeMiB: 0 },
    ...more,
  };
  writeFileSync(config, JSON.stringify(content));
  const sessions = join(folder, 'sessions');
  return {
    folder,
    config,
    sessions,
    async load() {
      const [session] = await listSessions(sessions);
      return loadSession(session.parts.map((part) => part.file));
    },
  };
}

/** The events that `--json` prints. */
const eventsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

test('a session is recorded from the port with labels at the times of a marker file, and replays to the same predictions', async () => {
  const { folder, config, load } = robot();
  const markers = join(folder, 'markers.csv');
  writeFileSync(markers, 'time,label\n1.5,GRASS\n3.25,\n');
  const words = [
    '-l',
    'ASPHALT',
    '--note',
    'dry',
    '-d',
    '8s',
    '--markers',
    markers,
    '--standalone',
    '--json',
  ];
  const run = startUnderfoot(['record', '-c', config, ...words]);
  assert.equal(await run.ended, 0, run.text());
  const end = eventsOf(run.text()).at(-1);
  assert.deepEqual([end.event, end.reason], ['end', 'the time asked for is over']);
  assert.ok(Math.abs(end.samples - 8 * rateHz) <= rateHz / 2, `${end.samples} samples in 8 s`);
  assert.equal(verifyFile(end.files[0]).missing, 0);

  const session = await load();
  const { head, recording, labels, predictions } = session;
  assert.equal(readNote(head), 'dry');
  assert.deepEqual(
    labels.changes().map(({ label, atUs }) => [label, (atUs - head.startUs) / 1e6]),
    [
      ['ASPHALT', 0],
      ['GRASS', 1.5],
      [null, 3.25],
    ],
  );
  for (const { label, from, to } of recording.spans) {
    for (let row = from; row < to; row++) {
      assert.equal(label ?? null, labels.at(recording.arrivalUs![row]), `sample ${row}`);
    }
  }
  assert.ok(predictions.length > 2, `${predictions.length} predictions`);
  const model = await loadModel(modelFolder('demo-six-surfaces'), 'auto');
  const result = reproduce(session, await replaySession(session, model));
  await model.classifier.close();
  assert.equal(result.identical, predictions.length);

  // By its id, where the configuration has its sessions, and without a word to the broker.
  const replay = startUnderfoot(['replay', end.sessionId, '-c', config, '--json']);
  assert.equal(await replay.ended, 0, replay.text());
  const report = JSON.parse(replay.text());
  assert.deepEqual(
    [report.session, report.recorded, report.identical],
    [end.sessionId, predictions.length, predictions.length],
  );
});

test('without a model readings and labels are recorded, it is said, and SIGTERM closes the session', async () => {
  const { config, sessions, load } = robot({ model: undefined });
  const run = startUnderfoot(['record', '-c', config, '-l', 'MUD', '--standalone']);
  await run.says(/recording \d+T\d+Z_rover/);
  assert.match(run.text(), /recording without predictions: the configuration names no model/);
  const [partial] = readdirSync(sessions).map((name) => join(sessions, name));
  const { size } = statSync(partial);
  await until(() => statSync(partial).size > size, 'samples are on the disk');
  run.process.kill('SIGTERM');
  assert.equal(await run.ended, 0, run.text());
  assert.ok(readdirSync(sessions).every((name) => name.endsWith('.mcap')));
  const session = await load();
  assert.equal(session.predictions.length, 0);
  assert.deepEqual(
    session.recording.spans.map((s) => s.label),
    ['MUD'],
  );
});

test('a model that does not fit the channels, or --no-model, is no obstacle', async () => {
  const other = robot({ protocol: { ...protocol, columns: ['curL'] } });
  const words = ['-d', '1s', '--standalone', '-c'];
  const unfit = startUnderfoot(['record', ...words, other.config]);
  assert.equal(await unfit.ended, 0, unfit.text());
  assert.match(unfit.text(), /recording without predictions: .*expected channel curR/);
  const plain = startUnderfoot(['record', '--no-model', ...words, robot().config]);
  assert.equal(await plain.ended, 0, plain.text());
  assert.match(plain.text(), /recording without predictions: --no-model/);
});

test('in a terminal, keys pick labels, mark and take back, and q stops', async () => {
  const { config, load } = robot();
  const words = ['-l', 'ICE', '--labels', 'MUD,SNOW', '--standalone'];
  const run = startUnderfoot(['record', '-c', config, ...words], { terminal: true });
  await run.says(/1 MUD {3}2 SNOW.* 3 ICE/);
  await run.says(/curL .*[▁▂▃▄▅▆▇█]{3}/);
  for (const [keys, said] of [
    ['2', /SNOW/],
    [' ', /mark 1/],
    [' ', /mark 2/],
    ['u', /taken back/],
    ['1', / {2}MUD\b/],
  ] as const) {
    const before = run.text().length;
    run.type(keys);
    await run.says(new RegExp(`^[^]{${before}}[^]*${said.source}`));
  }
  run.type('q');
  assert.equal(await run.ended, 0, run.text());
  const { labels, events } = await load();
  assert.deepEqual(
    labels.changes().map((change) => change.label),
    ['ICE', 'SNOW', 'MUD'],
  );
  assert.equal(events.filter(({ kind }) => kind === 'mark').length, 1);
});

test('kill -9 costs at most a second, and recover gives the rest', async () => {
  const { config, sessions, load } = robot();
  const run = startUnderfoot(['record', '-c', config, '-l', 'ASPHALT', '--standalone', '--json']);
  await run.says(/"event":"start"/);
  const { startTime } = eventsOf(run.text())[0];
  await new Promise((resolve) => setTimeout(resolve, 4000));
  run.process.kill('SIGKILL');
  const killedMs = Date.now();
  assert.equal(await run.ended, null);
  assert.ok(readdirSync(sessions).every((name) => name.endsWith('.mcap.partial')));
  const recover = startUnderfoot(['sessions', 'recover', '-c', config]);
  assert.equal(await recover.ended, 0, recover.text());
  const { recording, head } = await load();
  const lastS = (recording.arrivalUs!.at(-1)! - head.startUs) / 1e6;
  const lostS = (killedMs - Date.parse(startTime)) / 1000 - lastS;
  assert.ok(lostS >= 0 && lostS <= 1, `lost ${lostS} s`);
  assert.equal(recording.rows, Math.round(recording.rows));
  assert.ok(recording.rows > lastS * rateHz - 3, `${recording.rows} samples in ${lastS} s`);
});

test('what cannot be begun says why, with an exit code', async () => {
  const { config, folder } = robot();
  for (const [words, code, message] of [
    [['-c', config, '-l', 'a b'], 64, /label: found "a b", expected letters/],
    [['-c', config, '-d', 'soon'], 64, /--duration: found "soon", expected a time such as 10m/],
    [
      ['-c', config, '--markers', join(folder, 'nowhere.csv')],
      66,
      /nowhere.csv: cannot be read: found no such file/,
    ],
    [['-c', config, '-r', 'a/b'], 64, /--robot: found "a\/b"/],
    [['-c', join(folder, 'nowhere.yaml')], 78, /nowhere.yaml/],
  ] as const) {
    const run = startUnderfoot(['record', ...words]);
    assert.equal(await run.ended, code, run.text());
    assert.match(run.text(), message);
  }
});

describe('through the running service', { skip: noMosquitto }, () => {
  let broker: Mosquitto;
  before(async () => {
    broker = await startMosquitto();
  });
  after(() => broker.close());

  test('the service records, with labels and marks by key; the port is opened once; a second recording is refused', async () => {
    const { config, sessions, load } = robot({
      mqtt: { url: broker.url },
      dashboard: { port: await freePort() },
    });
    const service = startUnderfoot(['run', '-c', config]);
    try {
      await service.says(/underfoot is running/);
      const run = startUnderfoot(['record', '-c', config, '-l', 'ASPHALT', '--note', 'by wire'], {
        terminal: true,
      });
      await run.says(/in the service/);
      const second = startUnderfoot(['record', '-c', config]);
      assert.equal(await second.ended, 69, second.text());
      assert.match(second.text(), /the service refused: found recording .* running, expected none/);
      run.type('3');
      await run.says(/ {2}GRASS\b/);
      run.type(' ');
      await run.says(/mark 1/);
      run.type('q');
      assert.equal(await run.ended, 0, run.text());
      const { labels, events, head } = await load();
      assert.equal(readNote(head), 'by wire');
      assert.deepEqual(
        labels.changes().map((change) => change.label),
        ['ASPHALT', 'GRASS'],
      );
      assert.equal(events.filter(({ kind }) => kind === 'mark').length, 1);
      assert.equal(service.text().match(/port is open/g)?.length, 1);
      assert.equal(readdirSync(sessions).length, 1);

      // From another machine, with a file that knows the broker alone.
      const desk = join(root, 'desk.yaml');
      writeFileSync(desk, JSON.stringify({ mqtt: { url: broker.url } }));
      const piped = startUnderfoot(['record', '-c', desk, '-r', 'rover', '--json', '-l', 'GRASS']);
      await piped.says(/"event":"start".*"where":"service"/);
      piped.process.kill('SIGINT');
      assert.equal(await piped.ended, 0, piped.text());
      assert.equal(
        (await listSessions(sessions)).every((session) => session.state === 'complete'),
        true,
      );
    } finally {
      service.process.kill('SIGTERM');
      await service.ended;
    }
  });

  test('a status that a dead service left behind does not keep anybody from recording', async () => {
    const { config } = robot({ mqtt: { url: broker.url }, robotId: 'ghost' });
    const { connectAsync } = (await import('mqtt')).default;
    const client = await connectAsync(broker.url);
    const status = {
      schemaVersion: 1,
      robotId: 'ghost',
      bootId: 'x',
      sequence: 1,
      time: '2026-01-01T00:00:00.000Z',
      clockSynchronised: null,
      state: 'online',
      reasons: [],
      version: '0',
      model: null,
      source: null,
    };
    await client.publishAsync('underfoot/ghost/status', JSON.stringify(status), { retain: true, qos: 1 });
    await client.endAsync();
    const run = startUnderfoot(['record', '-c', config, '-d', '1s']);
    assert.equal(await run.ended, 0, run.text());
    assert.match(run.text(), /a service was there and does not answer: no answer to ping within 3 s/);
    assert.match(run.text(), /recording \d+T\d+Z_ghost/);
  });

  test('without a configuration and without a service, there is nothing to record from', async () => {
    const run = startUnderfoot(['record', '-r', 'nobody', '--broker', broker.url]);
    assert.equal(await run.ended, 69, run.text());
    assert.match(run.text(), /robot nobody: found no running service, expected one, or --config/);
  });
});
