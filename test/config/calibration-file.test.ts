import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import {
  type CalibrationFile,
  loadCalibration,
  saveCalibration,
} from '../../agent/config/calibration-file.ts';
import { ConfigError, UserError } from '../../agent/errors.ts';

const good: CalibrationFile = {
  schemaVersion: 1,
  robot: 'husky-1',
  created: '2026-05-04T10:30:00Z',
  by: 'ada',
  method: 'calibrate gain, references 2, 5, 10 A',
  channels: [
    { name: 'curL', unit: 'A', offset: 511.8, gain: 0.074, validRange: [-30, 30], residuals: [0.1, -0.1] },
    { name: 'curR', unit: 'A', offset: 512, gain: 0.074, polarity: 'reversed', validRange: [-30, 30] },
  ],
};

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'underfoot-calibration-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Message of the ConfigError for a file with this content. */
function refusal(t: TestContext, content: unknown): string {
  const file = join(folder(t), 'robot.yaml');
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  let message = '';
  assert.throws(
    () => loadCalibration(file),
    (error) => {
      assert.ok(error instanceof ConfigError);
      message = error.message;
      return true;
    },
  );
  assert.ok(message.startsWith(`${file}: `), message);
  return message.slice(file.length + 2);
}

test('what is saved is loaded again, and no temporary file stays', (t) => {
  const path = folder(t);
  const file = join(path, 'husky-1.yaml');
  saveCalibration(file, good);
  assert.deepEqual(loadCalibration(file), good);
  saveCalibration(file, { ...good, by: 'grace' });
  assert.equal(loadCalibration(file).by, 'grace');
  assert.deepEqual(readdirSync(path), ['husky-1.yaml']);
});

test('content that would not load is not saved, and the old file stays', (t) => {
  const file = join(folder(t), 'husky-1.yaml');
  saveCalibration(file, good);
  const before = readFileSync(file, 'utf8');
  assert.throws(() => saveCalibration(file, { ...good, robot: 'a/b' }), ConfigError);
  assert.equal(readFileSync(file, 'utf8'), before);
});

test('a folder that does not exist is made; one that cannot be is a message, not a stack trace', (t) => {
  const root = folder(t);
  saveCalibration(join(root, 'missing', 'husky-1.yaml'), good);
  assert.equal(loadCalibration(join(root, 'missing', 'husky-1.yaml')).robot, good.robot);
  const file = join(root, 'missing', 'husky-1.yaml', 'husky-2.yaml');
  assert.throws(
    () => saveCalibration(file, good),
    (error) => error instanceof UserError && error.exitCode === 74 && error.message.startsWith(`${file}: `),
  );
});

test('a wrong file is refused with key, what was found and what was expected', (t) => {
  const channel = (change: object) => ({ ...good, channels: [{ ...good.channels[0], ...change }] });
  assert.match(refusal(t, { ...good, schemaVersion: 2 }), /^schemaVersion: found 2, expected .*1/);
  assert.match(
    refusal(t, { ...good, created: 'yesterday' }),
    /^created: found "yesterday", expected .*ISO 8601/,
  );
  assert.match(refusal(t, { ...good, colour: 'red' }), /^colour: found unknown key "colour"/);
  assert.match(refusal(t, channel({ gain: 0 })), /^channels.0.gain: found 0, expected a number other than 0/);
  assert.match(refusal(t, channel({ gain: 'big' })), /^channels.0.gain: found "big", expected a number/);
  assert.match(
    refusal(t, channel({ offset: Number.NaN })),
    /^channels.0.offset: found .*, expected a number/,
  );
  assert.match(
    refusal(t, channel({ validRange: [5, -5] })),
    /^channels.0.validRange: found \[5,-5\], expected two asc/,
  );
  const twice = { ...good, channels: [good.channels[0], good.channels[0]] };
  assert.match(refusal(t, twice), /^channels: found .*, expected each channel once/);
  assert.match(refusal(t, 'robot: [1\n'), /expected (a readable YAML file|YAML)/);
});

test('the example that ships with underfoot is valid', () => {
  assert.equal(loadCalibration('calibration/example.yaml').channels.length, 2);
});
