import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { DataError } from '../errors.ts';
import type { EpochResult } from './epoch-result.ts';
import { lstmKernel } from './kernel/choose.ts';

/** All that a run needs to go on to the same end. */
export interface Checkpoint {
  readonly seed: number;
  /** Name of the LSTM kernel: another one gives other last bits, and in time another run. */
  readonly kernel: string;
  readonly steps: number;
  readonly history: EpochResult[];
  readonly best: { epoch: number; score: number; weights: Float32Array[] } | undefined;
  readonly average: Float32Array[] | undefined;
  readonly windowLoss: Float32Array;
  readonly seen: Float32Array;
  readonly weights: Float32Array[];
  readonly optimiser: { name: string; shape: number[]; values: Float32Array }[];
}

const MAGIC = 'underfoot checkpoint 1\n';

/**
 * Writes beside the file, syncs, then renames: whenever the process dies, the file is a whole one. The layout is the
 * magic line, the length of the header (8 digits and a newline), a JSON header in which arrays stand as their lengths,
 * and the arrays as little-endian float32.
 */
export function writeCheckpoint(file: string, checkpoint: Checkpoint): void {
  const arrays: Float32Array[] = [];
  const header = JSON.stringify(checkpoint, (_key, value: unknown) => {
    if (!(value instanceof Float32Array)) return value;
    arrays.push(value);
    return { float32: value.length };
  });
  const bytes = Buffer.from(header);
  const start = Buffer.from(`${MAGIC}${String(bytes.length).padStart(8, '0')}\n`);
  const body = arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength));
  const partial = `${file}.partial`;
  const handle = openSync(partial, 'w');
  try {
    writeSync(handle, Buffer.concat([start, bytes, ...body]));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(partial, file);
}

/** Undefined where there is no such file; DataError where it is not a checkpoint. */
export function readCheckpoint(file: string): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  const magic = Buffer.from(MAGIC);
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new DataError({ file, found: 'something else', expected: 'a checkpoint of underfoot train' });
  }
  const length = Number(bytes.subarray(magic.length, magic.length + 8).toString());
  let at = magic.length + 9 + length;
  const header = bytes.subarray(at - length, at).toString();
  return JSON.parse(header, (_key, value: { float32?: number }) => {
    if (typeof value?.float32 !== 'number') return value;
    const end = at + value.float32 * 4;
    if (end > bytes.length)
      throw new DataError({ file, found: `${bytes.length} bytes`, expected: `at least ${end}` });
    const array = new Float32Array(new Uint8Array(bytes.subarray(at, end)).buffer);
    at = end;
    return array;
  }) as Checkpoint;
}

/** Refuses a checkpoint of another run: another seed, another kernel or another network. */
export function restore(
  file: string,
  state: Checkpoint,
  seed: number,
  weights: readonly Float32Array[],
): void {
  if (state.seed !== seed)
    throw new DataError({ file, key: 'seed', found: String(state.seed), expected: String(seed) });
  const kernel = lstmKernel().name;
  if (state.kernel !== kernel) {
    const hint = `${kernel}, or UNDERFOOT_KERNEL and Node as when it began`;
    throw new DataError({ file, key: 'kernel', found: String(state.kernel), expected: hint });
  }
  const sizes = (list: readonly Float32Array[]): string => list.map((w) => w.length).join(', ');
  if (sizes(state.weights) !== sizes(weights)) {
    throw new DataError({ file, key: 'weights', found: sizes(state.weights), expected: sizes(weights) });
  }
}
