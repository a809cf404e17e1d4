export const numberOk = 0;
export const numberBad = 1;
/** `nan`, `inf`, or a number too large for a double. */
export const numberNotFinite = 2;

const powersOfTen = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
/** One more digit on a mantissa below this stays below 2^53, so the mantissa is exact. */
const exactLimit = 900_719_925_474_099;

/**
 * Parses the decimal number in `bytes[start..end)` (blanks around it allowed) into `out[slot]`, bit for bit what
 * `Number(text)` gives. Up to 15 digits and 22 decimal places are one correctly rounded multiplication or division of two
 * exact doubles (Clinger 1990); anything else goes through `Number`. The result goes into an array and not on the
 * stack because a returned double may be boxed: this function allocates nothing on its fast path.
 */
export function parseNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  decimal: number,
  out: Float64Array,
  slot: number,
): number {
  let at = start;
  let stop = end;
  while (at < stop && isBlank(bytes[at])) at++;
  while (stop > at && isBlank(bytes[stop - 1])) stop--;
  const first = at;
  let negative = false;
  if (at < stop && (bytes[at] === 45 || bytes[at] === 43)) negative = bytes[at++] === 45;

  let mantissa = 0;
  let exact = true;
  let digits = 0;
  let places = 0;
  for (let seenPoint = false; at < stop; at++) {
    const digit = bytes[at] - 48;
    if (digit >= 0 && digit <= 9) {
      digits++;
      if (seenPoint) places++;
      if (mantissa < exactLimit) mantissa = mantissa * 10 + digit;
      else exact = false;
    } else if (bytes[at] === decimal && !seenPoint) {
      seenPoint = true;
    } else break;
  }
  if (digits === 0) return isNotFinite(bytes, at, stop) ? numberNotFinite : numberBad;

  let exponent = 0;
  if (at < stop) {
    if ((bytes[at] | 32) !== 101) return numberBad;
    at++;
    let down = false;
    if (at < stop && (bytes[at] === 45 || bytes[at] === 43)) down = bytes[at++] === 45;
    if (at === stop) return numberBad;
    for (; at < stop; at++) {
      const digit = bytes[at] - 48;
      if (digit < 0 || digit > 9) return numberBad;
      if (exponent < 10_000) exponent = exponent * 10 + digit;
    }
    if (down) exponent = -exponent;
  }
  exponent -= places;

  if (exact && exponent >= -22 && exponent <= 22) {
    const value = exponent < 0 ? mantissa / powersOfTen[-exponent] : mantissa * powersOfTen[exponent];
    out[slot] = negative ? -value : value;
    return numberOk;
  }
  const value = slowNumber(bytes, first, stop, decimal);
  if (!Number.isFinite(value)) return numberNotFinite;
  out[slot] = value;
  return numberOk;
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}

function slowNumber(bytes: Uint8Array, start: number, end: number, decimal: number): number {
  let text = '';
  for (let i = start; i < end; i++) text += bytes[i] === decimal ? '.' : String.fromCharCode(bytes[i]);
  return Number(text);
}

function isNotFinite(bytes: Uint8Array, start: number, end: number): boolean {
  let text = '';
  for (let i = start; i < end && i < start + 9; i++) text += String.fromCharCode(bytes[i] | 32);
  return text === 'nan' || text === 'inf' || text === 'infinity';
}
