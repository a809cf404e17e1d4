import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { DataError } from '../errors.ts';
import { checkMagic } from './mcap-scan.ts';
import { itemsOf } from './reader.ts';

/** What a file holds, after every byte of it was read. */
export interface Verified {
  readonly file: string;
  readonly bytes: number;
  readonly samples: number;
  /** Samples that were taken but never reached the disk: holes in the count. */
  readonly missing: number;
  readonly labels: number;
  readonly events: number;
  readonly predictions: number;
}

/** DataEnd record: opcode, length, checksum. */
const DATA_END_BYTES = 13;
/** Footer record (opcode, length, two offsets, checksum) and the closing magic. */
const FOOTER_BYTES = 29;
const MAGIC_BYTES = 8;

/**
 * Reads all of a complete session file: checksums of data, chunks and summary, every message, the count of samples.
 * Throws DataError at the first thing that is wrong.
 */
export function verifyFile(file: string): Verified {
  const bytes = checkSums(file);
  const found = { samples: 0, missing: 0, labels: 0, events: 0, predictions: 0 };
  let next = Number.NaN;
  let arrivedUs = Number.NEGATIVE_INFINITY;
  for (const item of itemsOf(file)) {
    if (item.kind === 'label') found.labels++;
    else if (item.kind === 'event') found.events++;
    else if (item.kind === 'prediction') found.predictions++;
    else if (item.kind === 'samples') {
      const { first, count, arrivalUs } = item.samples;
      if (first < next) throw wrong(file, `sample ${first} after ${next - 1}`, 'samples in ascending order');
      if (arrivalUs[0] < arrivedUs || arrivalUs.some((t, i) => i > 0 && t < arrivalUs[i - 1])) {
        throw wrong(file, `a clock running backwards at sample ${first}`, 'a monotonic clock');
      }
      if (first > next) found.missing += first - next;
      next = first + count;
      arrivedUs = arrivalUs[count - 1];
      found.samples += count;
    }
  }
  return { file, bytes, ...found };
}

/** Checksums of the data section and of the summary, which chunks' own checksums do not cover. Gives the length. */
function checkSums(file: string): number {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const head = Buffer.alloc(MAGIC_BYTES);
    checkMagic(file, head.subarray(0, readSync(handle, head, 0, MAGIC_BYTES, 0)));
    if (size < FOOTER_BYTES + MAGIC_BYTES) throw wrong(file, `${size} bytes`, 'a complete session file');
    const footer = Buffer.alloc(FOOTER_BYTES);
    const footerAt = size - MAGIC_BYTES - FOOTER_BYTES;
    readSync(handle, footer, 0, FOOTER_BYTES, footerAt);
    if (footer[0] !== 0x02)
      throw wrong(file, 'no footer', 'a complete session file; `sessions recover` repairs it');
    const summaryAt = Number(footer.readBigUInt64LE(9));
    if (!(summaryAt > DATA_END_BYTES && summaryAt <= footerAt)) throw wrong(file, 'no summary', 'one');
    const dataEnd = Buffer.alloc(DATA_END_BYTES);
    readSync(handle, dataEnd, 0, DATA_END_BYTES, summaryAt - DATA_END_BYTES);
    if (dataEnd[0] !== 0x0f || dataEnd.readBigUInt64LE(1) !== 4n)
      throw wrong(file, 'no end of the data', 'one');
    // A checksum of 0 means that the writer made none.
    const dataCrc = dataEnd.readUInt32LE(9);
    if (dataCrc !== 0 && dataCrc !== crcOf(handle, 0, summaryAt - DATA_END_BYTES)) {
      throw wrong(file, 'a wrong checksum of the data', 'bytes as they were written');
    }
    const summaryCrc = footer.readUInt32LE(25);
    if (summaryCrc !== 0 && summaryCrc !== crcOf(handle, summaryAt, footerAt + 25)) {
      throw wrong(file, 'a wrong checksum of the summary', 'bytes as they were written');
    }
    return size;
  } finally {
    closeSync(handle);
  }
}

function crcOf(handle: number, from: number, to: number): number {
  const piece = Buffer.alloc(1 << 20);
  let crc = 0;
  for (let at = from; at < to; ) {
    const bytes = readSync(handle, piece, 0, Math.min(piece.length, to - at), at);
    if (bytes === 0) break;
    crc = crc32(piece.subarray(0, bytes), crc);
    at += bytes;
  }
  return crc;
}

function wrong(file: string, found: string, expected: string): DataError {
  return new DataError({ file, found, expected });
}
