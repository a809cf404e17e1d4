import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberBad, numberNotFinite, numberOk, parseNumber } from '../../agent/protocol/parse-number.ts';

function parse(text: string, decimal = '.'): number | string {
  const bytes = new TextEncoder().encode(text);
  const out = new Float64Array(1);
  const status = parseNumber(bytes, 0, bytes.length, decimal.charCodeAt(0), out, 0);
  return status === numberOk
    ? out[0]
    : status === numberBad
      ? 'bad'
      : status === numberNotFinite
        ? 'nan'
        : '?';
}

test('a number is parsed to the very bits that Number gives, whatever its digits, places and exponent', () => {
  const decimalText = fc
    .tuple(
      fc.constantFrom('', '-', '+'),
      fc.stringMatching(/^[0-9]{1,25}$/),
      fc.option(fc.stringMatching(/^[0-9]{0,30}$/)),
      fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e-', 'E+'), fc.integer({ min: 0, max: 340 }))),
    )
    .map(
      ([sign, whole, part, power]) =>
        `${sign}${whole}${part === null ? '' : `.${part}`}${power?.join('') ?? ''}`,
    )
    .filter((text) => Number.isFinite(Number(text)));
  fc.assert(
    fc.property(decimalText, (text) => {
      assert.ok(Object.is(parse(text), Number(text)), text);
    }),
    { numRuns: 5000 },
  );
});

test('every double survives being printed and parsed', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.ok(Object.is(parse(String(value)), Number(String(value))));
      assert.ok(Object.is(parse(String(value).replace('.', ','), ','), Number(String(value))));
    }),
    { numRuns: 5000 },
  );
});

test('numbers at the edges of the exact path are right', () => {
  for (const text of [
    '9007199254740993',
    '900719925474099.1',
    '1e22',
    '1e23',
    '1e-22',
    '1e-23',
    '-0',
    '.5',
    '5.',
    '0.1e1',
  ]) {
    assert.ok(Object.is(parse(text), Number(text)), text);
  }
});

test('blanks around a number are ignored and anything else beside it is refused', () => {
  assert.equal(parse(' \t1.5 '), 1.5);
  for (const text of [
    '',
    ' ',
    '-',
    '.',
    'e5',
    '1e',
    '1e+',
    '1.2.3',
    '1 2',
    '0x10',
    '1_000',
    'ovf',
    '--1',
    '1,5',
    '1e5.5',
  ]) {
    assert.equal(parse(text), 'bad', text);
  }
});

test('NaN, infinity and numbers too large for a double are told apart from text that is no number', () => {
  for (const text of ['nan', 'NaN', '-nan', 'inf', '-Infinity', '1e400'])
    assert.equal(parse(text), 'nan', text);
  for (const text of ['nano', 'info', 'n']) assert.equal(parse(text), 'bad', text);
});
