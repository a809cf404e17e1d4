/**
 * Consistent Overhead Byte Stuffing (Cheshire and Baker 1999): any bytes become bytes without a zero, so that zero can
 * end a frame. The zero itself is not part of what these functions see.
 */

/**
 * Decodes `bytes[start..end)` into `out`. Returns the decoded length, or -1 when the bytes are no COBS (a zero inside,
 * a code that points past the end) or do not fit in `out`. Allocates nothing.
 */
export function cobsDecode(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let length = 0;
  let at = start;
  while (at < end) {
    const code = bytes[at++];
    const stop = at + code - 1;
    if (code === 0 || stop > end || length + code > out.length + 1) return -1;
    while (at < stop) {
      if (bytes[at] === 0) return -1;
      out[length++] = bytes[at++];
    }
    if (code < 255 && at < end) {
      if (length === out.length) return -1;
      out[length++] = 0;
    }
  }
  return length;
}

/** Encodes bytes; the result holds no zero. */
export function cobsEncode(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + Math.floor(bytes.length / 254) + 1);
  let codeAt = 0;
  let length = 1;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) out[length++] = bytes[i];
    const code = length - codeAt;
    if (bytes[i] === 0 || (code === 255 && i + 1 < bytes.length)) {
      out[codeAt] = code;
      codeAt = length++;
    }
  }
  out[codeAt] = length - codeAt;
  return out.subarray(0, length);
}
