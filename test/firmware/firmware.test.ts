import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { createProtocol } from '../../agent/protocol/registry.ts';
import { binaryFrame } from '../../agent/simulate/devices/underfoot-binary.ts';
import { counts, feed } from '../protocol/helpers.ts';
import { specOf } from '../protocol/specs.ts';

const compilers = ['c++', 'g++', 'clang++'];
const compiler = compilers.find((name) => spawnSync(name, ['--version']).status === 0);
const skip = compiler === undefined ? `no C++ compiler (${compilers.join(', ')}) on this machine` : false;
const sketchFolder = 'scripts/firmware/underfoot-current';
const folder = mkdtempSync(join(tmpdir(), 'underfoot-firmware-'));
after(() => rmSync(folder, { recursive: true }));

/** Compiles with warnings as errors and with what the sanitizers check; returns the program. */
function compile(source: string, name: string, flags: readonly string[] = []): string {
  const program = join(folder, name);
  const strict = ['-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const include = ['-I', sketchFolder, '-I', 'test/firmware/arduino'];
  execFileSync(compiler!, [...strict, ...include, ...flags, '-o', program, source]);
  return program;
}

describe('the firmware', { skip }, () => {
  const print = (value: number) => (Object.is(value, -0) ? '-0' : String(value));
  const reading = fc.record({
    sequence: fc.nat(65535),
    timeUs: fc.nat(0xffffffff),
    values: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), {
      minLength: 1,
      maxLength: 16,
      size: 'max',
    }),
  });
  const readings = fc.sample(reading, { numRuns: 1000, seed: 7 });
  const input = readings
    .map((r) => [r.sequence, r.timeUs, r.values.length, ...r.values.map(print)].join(' '))
    .join('\n');

  test('makes the very bytes that this program’s encoder makes, and they fit in the room that it names', () => {
    const program = compile('test/firmware/frames.c', 'frames', ['-x', 'c']);
    const made = execFileSync(program, ['binary'], { input });
    const expected = Buffer.concat(readings.map((r) => binaryFrame(r.sequence, r.timeUs, r.values)));
    assert.equal(made.compare(expected), 0);
  });

  test('makes frames that the decoder reads to the last bit', () => {
    const program = compile('test/firmware/frames.c', 'frames2', ['-x', 'c']);
    for (const channels of [1, 2, 16]) {
      const some = readings.filter((r) => r.values.length === channels);
      const lines = some
        .map((r) => [r.sequence, r.timeUs, channels, ...r.values.map(print)].join(' '))
        .join('\n');
      const names = Array.from({ length: channels }, (_, k) => `c${k}`);
      const { decoder } = createProtocol(specOf('underfoot', { channels: names }), { midStream: false });
      const got = feed(decoder, execFileSync(program, ['binary'], { input: lines }), [7]);
      assert.ok(some.length > 3, `${some.length} readings of ${channels}`);
      assert.deepEqual(
        got,
        some.map((r) => ({ values: r.values, deviceTicks: r.timeUs, sequence: r.sequence })),
      );
      assert.equal(counts(decoder).bytes, 0);
    }
  });

  test('makes lines that the text decoder reads to half a milliampere', () => {
    const program = compile('test/firmware/frames.c', 'frames3', ['-x', 'c']);
    const two = readings.filter((r) => r.values.length === 2);
    const lines = two.map((r) => [r.sequence, r.timeUs, 2, ...r.values.map(print)].join(' ')).join('\n');
    const spec = specOf('text', { columns: [1, 2], time: { column: 0, unit: 'us', wrapBits: 32 } });
    const { decoder } = createProtocol(spec, { midStream: false });
    const got = feed(decoder, execFileSync(program, ['text'], { input: lines }));
    assert.equal(got.length, two.length);
    got.forEach((kept, k) => {
      assert.equal(kept.deviceTicks, two[k].timeUs);
      // A float of 1000 has steps of 0.06 mA.
      kept.values.forEach((value, c) => {
        assert.ok(Math.abs(value - two[k].values[c]) <= 0.00057);
      });
    });
  });

  const cases = [
    { sensor: 'ACS712', format: 'BINARY', expected: [(716 / 1023 - 0.5) * 50, (409 / 1023 - 0.5) * 50] },
    { sensor: 'ACS712', format: 'TEXT', expected: [(716 / 1023 - 0.5) * 50, (409 / 1023 - 0.5) * 50] },
    { sensor: 'INA219', format: 'BINARY', expected: [1.2345, -0.2] },
    { sensor: 'INA219', format: 'TEXT', expected: [1.2345, -0.2] },
  ];
  for (const { sensor, format, expected } of cases) {
    test(`runs as a whole sketch: ${sensor} to ${format}, through a wrap of micros() and a blocked port`, () => {
      const program = compile('test/firmware/sketch.cpp', `${sensor}-${format}`, [
        `-DSENSOR=${sensor}`,
        `-DFORMAT=${format}`,
      ]);
      const text = { columns: [1, 2], time: { column: 0, unit: 'us', wrapBits: 32 } };
      const spec = format === 'BINARY' ? specOf('underfoot') : specOf('text', text);
      const { decoder } = createProtocol(spec, { midStream: false });
      const got = feed(decoder, execFileSync(program));
      assert.equal(counts(decoder).bytes, 0);
      assert.ok(Math.abs(got.length - 190) <= 2, `${got.length} readings in 2 s, of which 0.1 s blocked`);
      assert.ok(got[0].deviceTicks > 4e9 && got.at(-1)!.deviceTicks < 2e6);
      for (const { values } of got) {
        assert.ok(
          values.every((v, c) => Math.abs(v - expected[c]) < 6e-4),
          `${values}`,
        );
      }
      const steps = got
        .slice(1)
        .map((kept, k) => (kept.deviceTicks - got[k].deviceTicks + 2 ** 32) % 2 ** 32);
      assert.equal(steps.filter((step) => Math.abs(step - 10_000) > 300).length, 1);
      if (format === 'TEXT') return;
      const jumps = got.slice(1).map((kept, k) => kept.sequence - got[k].sequence);
      assert.deepEqual(new Set(jumps), new Set([1, Math.round(Math.max(...steps) / 10_000)]));
    });
  }
});

const core = process.env.ARDUINO_AVR ?? '/usr/share/arduino/hardware/arduino/avr';
const noAvr = spawnSync('avr-g++', ['--version']).status !== 0 || !existsSync(core);

test('the sketch compiles without a warning for an Arduino Uno and leaves most of it free', {
  skip: noAvr && 'no avr-g++ with the Arduino core (Debian: gcc-avr, avr-libc, arduino-core-avr)',
}, () => {
  const sizes = execFileSync('scripts/firmware/compile-uno.sh', { encoding: 'utf8' }).trim().split('\n');
  assert.equal(sizes.length, 4);
  for (const line of sizes) {
    const [flash, ram] = /flash (\d+), RAM (\d+)/.exec(line)!.slice(1).map(Number);
    assert.ok(flash > 2000 && flash < 16_000 && ram < 1024, line);
  }
});
