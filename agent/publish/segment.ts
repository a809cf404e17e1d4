import { crc32 } from 'node:zlib';
import type { Message, OutboxEntry } from './outbox.ts';

/**
 * A segment is a file of lines, each `<CRC-32 in hex> <JSON>`: readable by people, and a line that was cut off by a
 * power failure does not pass for a message.
 */
export function encodeEntry(id: number, message: Message): Buffer {
  const json = JSON.stringify({ id, ...message });
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

/** The entries of a segment; damaged lines are left out, and `onDamage` is called for each. */
export function decodeSegment(bytes: Buffer, onDamage: () => void = () => {}): OutboxEntry[] {
  const entries: OutboxEntry[] = [];
  for (const line of bytes.toString('utf8').split('\n')) {
    if (line === '') continue;
    const json = line.slice(9);
    if (line.slice(0, 8) !== checksum(json)) {
      onDamage();
      continue;
    }
    const { id, ...message } = JSON.parse(json) as Message & { id: number };
    entries.push({ id, message });
  }
  return entries;
}

export function segmentName(firstId: number): string {
  return `${String(firstId).padStart(15, '0')}.outbox`;
}

/** First id of a segment by its file name, or undefined for other files. */
export function segmentId(name: string): number | undefined {
  const match = /^(\d{15})\.outbox$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
