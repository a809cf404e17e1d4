import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { loadCalibration } from '../../agent/config/calibration-file.ts';
import { startRobot } from './robot.ts';

/** Runs `underfoot calibrate ...`; `onPrompt` gets each prompt, and Enter is pressed when it resolves. */
async function calibrate(args: readonly string[], onPrompt?: (prompt: string) => Promise<void>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'agent/cli.ts', 'calibrate', ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes) => {
    stdout += bytes;
  });
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
    if (onPrompt && String(bytes).includes('press Enter'))
      void onPrompt(String(bytes)).then(() => child.stdin.write('\n'));
  });
  if (!onPrompt) child.stdin.end();
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

test('zero, then gain, write a calibration that turns raw numbers into the references', async (t) => {
  const current = [0, 0];
  const noise = () => (Math.random() - 0.5) * 2;
  const robot = await startRobot(
    t,
    (c) => (c === 0 ? 512 : 500) + (c === 0 ? 1 : -1) * (current[c] / 0.05) + noise(),
  );

  const zero = await calibrate(['zero', '--config', robot.config, '--seconds', '1', '--json']);
  assert.equal(zero.code, 0, zero.stderr);
  const [left, right] = loadCalibration(robot.calibration).channels;
  assert.ok(Math.abs(left.offset - 512) < 0.5 && Math.abs(right.offset - 500) < 0.5);
  assert.ok(left.noiseRms! > 0.3 && left.noiseRms! < 0.9);
  assert.equal(JSON.parse(zero.stdout).robot, 'rover-1');

  const prompts: string[] = [];
  const gain = await calibrate(
    ['gain', '--config', robot.config, '--seconds', '1', '--reference', '2.0,5.0,10.0'],
    async (prompt) => {
      prompts.push(prompt);
      current.fill([2, 5, 10][prompts.length - 1]);
      // As a person is slower than a robot: what was sent before is read by then.
      await robot.sends(1);
    },
  );
  assert.equal(gain.code, 0, gain.stderr);
  assert.equal(prompts.length, 3);
  assert.match(prompts[1], /2 of 3: let 5 A flow through curL and curR, then press Enter/);
  const calibrated = loadCalibration(robot.calibration);
  for (const channel of calibrated.channels) {
    assert.ok(Math.abs(channel.gain - 0.05) < 0.002, `${channel.name}: gain ${channel.gain}`);
    assert.ok(channel.residuals!.every((r) => Math.abs(r) < 0.1));
  }
  assert.deepEqual(
    calibrated.channels.map((c) => c.polarity),
    [undefined, 'reversed'],
  );
  assert.equal(calibrated.method, 'calibrate gain, references 2, 5, 10 A');
  const kept = readdirSync(robot.folder).filter((name) => /^rover-1\.\d{4}-.*Z\.yaml$/.test(name));
  assert.equal(kept.length, 1);

  const show = await calibrate(['show', '--config', robot.config]);
  assert.equal(show.code, 0, show.stderr);
  assert.match(show.stdout, /curR: offset .*reversed, range -30 to 30 A, noise .* A rms, residuals/);
});

test('a current that does not follow the references is refused, and no file is written', async (t) => {
  const robot = await startRobot(t, () => 512);
  const result = await calibrate(
    ['gain', '--config', robot.config, '--seconds', '0.3', '--reference', '2,5'],
    async () => undefined,
  );
  assert.equal(result.code, 65);
  assert.match(result.stderr, /curL: found raw numbers that do not follow the reference/);
  assert.doesNotMatch(result.stderr, /at .*\.ts:\d+/);
  assert.equal(existsSync(robot.calibration), false);
});

test('input that ends too early, and wrong options, are messages with their exit codes', async (t) => {
  const robot = await startRobot(t, () => 512);
  const ended = await calibrate(['gain', '--config', robot.config, '--reference', '2,5']);
  assert.equal(ended.code, 66, ended.stderr);
  for (const [args, message] of [
    [['gain', '--config', robot.config, '--reference', '2'], /--reference: found 2, expected at least two/],
    [['gain', '--config', robot.config, '--reference', '2,x'], /--reference: found "2,x", expected numbers/],
    [['zero', '--config', robot.config, '--range', '5,1'], /--range: found "5,1", expected two ascending/],
    [
      ['zero', '--config', robot.config, '--channel', 'curX'],
      /--channel: found curX, expected one of curL, curR/,
    ],
    [['show'], /expected a calibration file/],
  ] as const) {
    const result = await calibrate(args);
    assert.equal(result.code, 64, result.stderr);
    assert.match(result.stderr, message);
  }
});
