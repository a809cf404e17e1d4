import type { Decoder } from '../../agent/protocol/decoder.ts';

/** A reading that may be kept. */
export interface Kept {
  values: number[];
  deviceTicks: number;
  sequence: number;
}

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.trim().split(/\s+/), (byte) => Number.parseInt(byte, 16));

export function drain(decoder: Decoder): Kept[] {
  const kept: Kept[] = [];
  for (let r = decoder.next(); r !== undefined; r = decoder.next()) {
    kept.push({ values: [...r.values], deviceTicks: r.deviceTicks, sequence: r.sequence });
  }
  return kept;
}

/** Feeds the bytes in chunks of the given lengths (used again and again) and returns all readings. */
export function feed(
  decoder: Decoder,
  bytes: Uint8Array,
  lengths: readonly number[] = [bytes.length],
): Kept[] {
  const kept: Kept[] = [];
  for (let at = 0, k = 0; at < bytes.length; k++) {
    const length = Math.max(1, lengths[k % lengths.length]);
    decoder.append(bytes.subarray(at, at + length));
    kept.push(...drain(decoder));
    at += length;
  }
  return kept;
}

export const values = (kept: readonly Kept[]): number[][] => kept.map((k) => k.values);

/** What was discarded, as a plain object to compare. */
export const counts = (decoder: Decoder) => ({
  bytes: decoder.discarded.bytes,
  frames: { ...decoder.discarded.frames },
});
