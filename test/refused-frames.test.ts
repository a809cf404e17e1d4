import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtocol, protocolSchema } from '../agent/protocol/registry.ts';
import { RefusedFrames } from '../agent/refused-frames.ts';

/** A device that sends lines, and what is said of it after each second. */
function device(spec: object) {
  const { decoder } = createProtocol(protocolSchema.parse(spec), { midStream: false });
  const refused = new RefusedFrames('/etc/underfoot/robot.yaml');
  let samples = 0;
  return (...lines: string[]): string | undefined => {
    decoder.append(Buffer.from(lines.map((line) => `${line}\n`).join('')));
    while (decoder.next()) samples++;
    return refused.look(decoder, samples)?.reason;
  };
}

const text = {
  name: 'text',
  header: ['time', 'curL', 'curR'],
  columns: ['curL', 'curR'],
  time: { column: 'time', unit: 's' },
};
const many = (line: string, count = 50) => Array.from({ length: count }, () => line);

test('lines with another number of columns: file, key, found and expected are said', () => {
  assert.equal(
    device(text)('0.1,2'),
    'no line or frame could be read: robot.yaml: protocol: found 2 columns in a line, expected 3; are protocol and baud rate right?',
  );
  assert.match(
    device({ name: 'text', columns: [0, 3] })('1,2') ?? '',
    /found 2 columns in a line, expected at least 4/,
  );
});

test('damaged lines, NaN and a wrong check sum are said in words', () => {
  assert.match(device(text)('0.1,2,x') ?? '', /robot.yaml: protocol: found a field that is no number;/);
  assert.match(device(text)('0.1,2,nan') ?? '', /robot.yaml: protocol: found NaN or infinity;/);
  assert.match(device({ name: 'json', columns: ['a'] })('{"a":') ?? '', /protocol: found no JSON;/);
  assert.match(device(text)() ?? '', /protocol: found no line or frame; are protocol and baud rate right/);
});

test('a damaged line now and then is no reason; one in ten is, until a minute after the last one', () => {
  const say = device(text);
  assert.equal(say(...many('0.1,2,3')), undefined);
  assert.equal(say(...many('0.1,2,3'), '0.1,2,x'), undefined);
  const reason = say(...many('0.1,2,3', 90), ...many('0.1,2,x', 20));
  assert.match(
    reason ?? '',
    /^more than 5 % of the lines or frames within a minute could not be read: robot.yaml: protocol: found a field that is no number; are wiring/,
  );
  let seconds = 0;
  while (say('0.1,2,3') !== undefined) seconds++;
  assert.ok(seconds > 30 && seconds <= 60, `${seconds} s`);
});

test('header lines, blank ones and the cut one at the start are no faults', () => {
  const say = device({ name: 'plotter', columns: ['a'] });
  assert.equal(say('a:1', ...many(''), ...many('a:')), undefined);
});

test('the words stay while the fault stays, so that noise is not another status with every line', () => {
  const say = device(text);
  const first = say('#');
  assert.match(first ?? '', /found 1 column in a line, expected 3/);
  assert.equal(say('#,#'), first);
  assert.equal(say('#,#,#,#', '#'), first);
});

test('a decoder that takes the place of a good one and reads nothing is told, whatever was read before', () => {
  const make = () => createProtocol(protocolSchema.parse(text), { midStream: false }).decoder;
  const refused = new RefusedFrames('robot.yaml');
  assert.equal(refused.look(make(), 0)?.all, true);
  const good = make();
  refused.look(good, 0);
  assert.equal(refused.look(good, 500), undefined);
  const other = make();
  other.append(Buffer.from('1,2\n'));
  assert.equal(other.next(), undefined);
  const said = refused.look(other, 500);
  assert.equal(said?.all, true);
  assert.match(said?.reason ?? '', /found 2 columns in a line, expected 3/);
});

test('an adapter that hears its own requests is no fault', () => {
  const discarded = { bytes: 0, frames: { echo: 600, unasked: 7 } };
  const decoder = { append: () => {}, next: () => undefined, reset: () => {}, discarded };
  const refused = new RefusedFrames('robot.yaml');
  refused.look({ ...decoder, discarded: { bytes: 0, frames: {} } }, 0);
  refused.look(decoder, 100);
  discarded.frames.echo += 600;
  assert.equal(refused.look(decoder, 700), undefined);
});
