import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createGainTracker } from '../../agent/assemble.ts';
import { referenceCalibration } from '../../agent/calibrate/reference.ts';
import { loadCalibration } from '../../agent/config/calibration-file.ts';
import { surfaceLevels } from '../../agent/drift/recover/surface-levels.ts';
import { UserError } from '../../agent/errors.ts';
import { evaluate } from '../../agent/evaluate.ts';
import { modelFolder } from '../../agent/model/card-file.ts';
import { loadModel } from '../../agent/model/load.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { Random } from '../../agent/simulate/random.ts';
import { recordingsFolder, skipWithoutRecordings } from '../helpers/data.ts';
import { writeDrive } from '../helpers/simulated-csv.ts';
import { cardWith, startRobot } from './robot.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-reference-'));
after(() => rmSync(folder, { recursive: true }));

function calibrate(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = ['--import', 'tsx', 'agent/cli.ts', 'calibrate', 'reference', ...args];
    execFile(process.execPath, command, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code as number), stdout, stderr }),
    );
  });
}

const scaled = (recording: Recording, gain: number): Recording => ({
  ...recording,
  values: recording.values.map((v) => v * gain),
});

test('a drive of the simulated robot with a gain of 1.5 gives a calibration that takes it out', async () => {
  const data = join(folder, 'grass.csv');
  const out = join(folder, 'rover.yaml');
  writeDrive(data, { label: 'GRASS', seed: 9001, seconds: 60, gain: 1.5 });
  const args = ['--data', data, '--model', 'demo-six-surfaces', '--out', out];
  const { code, stderr } = await calibrate('--label', 'GRASS', '--robot', 'rover-1', ...args);
  assert.equal(code, 0, stderr);
  const { robot, channels, method } = loadCalibration(out);
  assert.equal(robot, 'rover-1');
  assert.match(method!, /60 s on GRASS against demo-six-surfaces.*level/);
  for (const { gain, offset } of channels) {
    assert.ok(Math.abs(Math.log(gain * 1.5)) < 0.15, String(gain));
    assert.equal(offset, 0);
  }
});

test('it says what is wrong, writes nothing, and ends with 65 for a dead channel and 64 for an unknown label', async () => {
  const data = join(folder, 'dead.csv');
  const out = join(folder, 'dead.yaml');
  writeDrive(data, { label: 'GRASS', seed: 9002, seconds: 20 });
  const dead = readFileSync(data, 'utf8').replace(/^([^,\n]+),[^,\n]+,([^,\n]+)$/gm, '$1,0,$2');
  writeFileSync(data, dead.replace(/^.*$/m, 'time,curL,curR'));
  const args = ['--data', data, '--model', 'demo-six-surfaces', '--out', out];
  const refused = await calibrate('--label', 'GRASS', ...args);
  assert.equal(refused.code, 65);
  assert.match(refused.stderr, /dead\.csv: channel curL holds one value for 100 %/);
  const unknown = await calibrate('--label', 'LAVA', ...args);
  assert.equal(unknown.code, 64);
  assert.match(unknown.stderr, /--label: found LAVA, expected one of ASPHALT/);
  assert.ok(!existsSync(out));
});

test('a drive shorter than a window is refused with what was found and what is needed', async () => {
  const data = join(folder, 'short.csv');
  writeDrive(data, { label: 'GRASS', seed: 9003, seconds: 2 });
  const model = await loadModel(modelFolder('demo-six-surfaces'));
  await model.classifier.close();
  assert.throws(
    () => referenceCalibration([...recordingsIn(data)], model.card, 'GRASS', undefined),
    (error: UserError) =>
      error instanceof UserError &&
      error.exitCode === 65 &&
      /found 2\.0 s.*at least 4\.0 s/.test(error.message),
  );
});

test('live, it measures what the robot sends and goes on from the calibration in use', async (t) => {
  const random = new Random(3);
  const current = (timeMs: number) => 3 + Math.sin(timeMs / 100) + 0.4 * random.normal();
  const {
    config,
    calibration,
    folder: robot,
  } = await startRobot(t, (_, timeMs) => 512 + 20 * 1.5 * current(timeMs));
  const drives = Array.from({ length: 6 }, (_, k) => ({
    recording: `FLOOR/${k}`,
    label: 'FLOOR',
    data: Array.from({ length: 80 }, (_v, n) => 3 + Math.sin(n / 2) + 0.4 * random.normal()),
  }));
  const channels = ['curL', 'curR'].map((name) => ({ name, unit: 'A' }));
  const card = cardWith(channels);
  card.reference.surfaces = surfaceLevels(drives, { channels: 2, steps: 2, stride: 1 });
  writeFileSync(join(robot, 'model', 'card.json'), JSON.stringify(card));
  const before = channels.map((c) => ({ ...c, offset: 512, gain: 0.05, validRange: [-30, 30] }));
  writeFileSync(
    calibration,
    JSON.stringify({ schemaVersion: 1, robot: 'rover-1', created: '2026-01-01T00:00:00Z', channels: before }),
  );
  const { code, stderr } = await calibrate('--label', 'FLOOR', '--config', config, '--seconds', '4');
  assert.equal(code, 0, stderr);
  for (const channel of loadCalibration(calibration).channels) {
    assert.equal(channel.offset, 512);
    assert.ok(Math.abs(Math.log((channel.gain / 0.05) * 1.5)) < 0.25, String(channel.gain));
  }
});

test('calibrated on one scaled recording of a floor, others are judged as unscaled', {
  skip: skipWithoutRecordings,
}, async () => {
  const model = await loadModel(modelFolder('husky-a200-2ch'));
  const of = (path: string) => [...recordingsIn(join(recordingsFolder, path))];
  const labelled = (path: string) =>
    of(path).map((r) => ({ ...r, spans: [{ label: path.split('/')[0], from: 0, to: r.rows }] }));
  const others = [
    'FLOORING/pro_02.csv',
    'ICE/pro_05.csv',
    'SNOW/pro_17.csv',
    'SANDY_LOAM/pro_11.csv',
  ].flatMap(labelled);
  try {
    const before = await evaluate(model, others);
    for (const gain of [1.25, 2]) {
      const { channels, method } = referenceCalibration(
        of('FLOORING/pro_01.csv').map((r) => scaled(r, gain)),
        model.card,
        'FLOORING',
        undefined,
      );
      assert.match(method, /by the step of the sensor's converter/);
      const content = {
        schemaVersion: 1 as const,
        robot: 'husky',
        created: '2026-01-01T00:00:00Z',
        channels,
      };
      const now = others.map((r) => scaled(r, gain));
      const after = await evaluate(model, now, { file: 'calibration.yaml', content });
      assert.ok(after.raw!.accuracy >= 0.99 * before.raw!.accuracy);
      const tracked = await evaluate(model, now, undefined, undefined, createGainTracker(model.card));
      assert.ok(tracked.raw!.accuracy >= 0.95 * before.raw!.accuracy);
      assert.ok(Math.abs(tracked.trackedGain!.gain[0] / gain - 1) < 0.01);
    }
  } finally {
    await model.classifier.close();
  }
});
