import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataError } from '../../agent/errors.ts';
import { MarkerFile, parseMarkers, readMarkers } from '../../agent/session/markers.ts';
import { testFolder } from './helpers.ts';

const root = testFolder('markers');
const origin = { startUs: 1_000_000, startTime: '2026-01-02T03:04:05.000Z' };
const parse = (text: string, growing = false) => parseMarkers('m.csv', text, origin, growing);

test('a marker file sets labels at seconds or times of day; a line that is still being written waits', () => {
  const text = 'time,label\n0,ICE\r\n1.5,\n\n2026-01-02T03:04:08Z,SNOW\n9,HALF';
  const whole = [
    { label: 'ICE', atUs: 1_000_000 },
    { label: null, atUs: 2_500_000 },
    { label: 'SNOW', atUs: 4_000_000 },
  ];
  assert.deepEqual(parse(text, true), whole);
  assert.deepEqual(parse(text), [...whole, { label: 'HALF', atUs: 10_000_000 }]);
  assert.deepEqual(parse(''), []);
});

test('what is wrong with a marker file is named with its line', () => {
  for (const [text, message] of [
    ['0,a b\n', /m.csv: line 1: found label "a b"/],
    ['x,ICE\n', /line 1: found time "x", expected seconds or an ISO 8601 time/],
    ['May 5 2026,ICE\n', /line 1: found time "May 5 2026"/],
    ['0,ICE\n1,ICE,2\n', /line 2: found 3 columns/],
    ['5,ICE\n4,SNOW\n', /line 2: found time 4 before the one above, expected ascending times/],
    ['5,ICE\n5,SNOW\n', /line 2: found SNOW at the time of ICE, expected one label a time/],
  ] as const) {
    assert.throws(
      () => parse(text),
      (e: unknown) => e instanceof DataError && message.test(e.message),
    );
  }
  assert.throws(
    () => readMarkers(join(root, 'nowhere.csv'), origin),
    /nowhere.csv: cannot be read: found no such file/,
  );
});

test('a marker file that grows gives each change once, when its time has come', () => {
  const file = join(mkdtempSync(join(root, 'm-')), 'm.csv');
  writeFileSync(file, '1,ICE\n8,SNOW\n');
  const markers = new MarkerFile(file);
  const due = (atS: number) => markers.due(origin, origin.startUs + atS * 1e6).map((c) => c.label);
  assert.deepEqual(due(0.5), []);
  assert.deepEqual(due(3), ['ICE']);
  appendFileSync(file, '9,GRAV');
  assert.deepEqual(due(9), ['SNOW']);
  appendFileSync(file, 'EL\n9.5,a b\n');
  assert.throws(() => due(10), /line 4: found label "a b"/);
  assert.deepEqual(due(11), []);
  writeFileSync(file, '1,ICE\n8,SNOW\n9,GRAVEL\n');
  assert.deepEqual(due(12), ['GRAVEL']);
  assert.deepEqual(due(13), []);
  appendFileSync(file, '12,ICE');
  assert.deepEqual(
    markers.due(origin, origin.startUs + 13e6, false).map((c) => c.label),
    ['ICE'],
  );
});
