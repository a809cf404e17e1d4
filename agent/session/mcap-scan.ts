import { closeSync, openSync, readSync } from 'node:fs';
import { McapStreamReader, type McapTypes } from '@mcap/core';
import { DataError, unreadable } from '../errors.ts';
import { decompress } from './zstd.ts';

const PIECE_BYTES = 256 * 1024;

/** A larger record is damage: the longest chunk that is written here has some hundred kilobytes. */
const MAX_RECORD_BYTES = 512 * 2 ** 20;

export interface ScanOptions {
  /** Also yield `Chunk` records, before the messages in them. */
  readonly chunks?: boolean;
}

/** How a scan ended. */
export interface ScanEnd {
  /** The footer was there. */
  readonly complete: boolean;
  /** What is wrong with the first record that could not be read; undefined where the file just ends. */
  readonly damage?: string;
}

/**
 * The records of an MCAP file, streamed in file order, chunks unpacked and their checksums checked. Returns how it
 * ended instead of throwing on damage: what was yielded before is good. Throws UserError (66) where the file cannot
 * be read, and DataError where it is no MCAP file at all.
 */
export function* scanMcap(
  file: string,
  options: ScanOptions = {},
): Generator<McapTypes.TypedMcapRecord, ScanEnd> {
  const handle = open(file);
  try {
    const reader = new McapStreamReader({
      includeChunks: options.chunks ?? false,
      decompressHandlers: { zstd: (bytes, size) => decompress(bytes, Number(size)) },
    });
    const piece = new Uint8Array(PIECE_BYTES);
    let total = 0;
    let sinceRecord = 0;
    for (;;) {
      const bytes = readSync(handle, piece, 0, PIECE_BYTES, null);
      if (total === 0) checkMagic(file, piece.subarray(0, bytes));
      if (bytes === 0) return { complete: false };
      total += bytes;
      sinceRecord += bytes;
      reader.append(piece.subarray(0, bytes));
      for (;;) {
        const next = step(reader);
        if (typeof next === 'string') return { complete: false, damage: next };
        if (next === undefined) break;
        sinceRecord = 0;
        yield next;
      }
      if (reader.done()) return { complete: true };
      if (sinceRecord > MAX_RECORD_BYTES) return { complete: false, damage: 'a record without end' };
    }
  } finally {
    closeSync(handle);
  }
}

/** The next record, undefined where more bytes are needed, a text where the bytes are no record. */
function step(reader: McapStreamReader): McapTypes.TypedMcapRecord | string | undefined {
  try {
    return reader.nextRecord();
  } catch (error) {
    return (error as Error).message || 'unreadable bytes';
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw unreadable(file, error);
  }
}

const MAGIC = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a);

/** Throws DataError where a file does not begin as an MCAP file does. */
export function checkMagic(file: string, head: Uint8Array): void {
  if (MAGIC.every((byte, i) => head[i] === byte)) return;
  const found =
    head.length === 0
      ? 'an empty file'
      : `a file that begins with ${Buffer.from(head.subarray(0, 8)).toString('hex')}`;
  throw new DataError({ file, found, expected: 'an MCAP session file' });
}
