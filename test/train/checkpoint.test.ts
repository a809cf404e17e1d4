import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { DataError } from '../../agent/errors.ts';
import { type Checkpoint, readCheckpoint, restore, writeCheckpoint } from '../../agent/train/checkpoint.ts';
import { lstmKernel, useKernel } from '../../agent/train/kernel/choose.ts';
import { plainLstm } from '../../agent/train/kernel/plain-lstm.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-checkpoint-'));
after(() => rmSync(folder, { recursive: true }));
afterEach(() => useKernel(undefined));

const weights = [Float32Array.of(1, 2, 3), Float32Array.of(4)];

/** A checkpoint of the kernel that is in use, written and read back. */
function kept(): { file: string; state: Checkpoint } {
  const file = join(folder, 'checkpoint.bin');
  writeCheckpoint(file, {
    seed: 5,
    kernel: lstmKernel().name,
    steps: 7,
    history: [],
    best: undefined,
    average: undefined,
    windowLoss: Float32Array.of(0.5),
    seen: Float32Array.of(1),
    weights,
    optimiser: [],
  });
  return { file, state: readCheckpoint(file) as Checkpoint };
}

const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof DataError && pattern.test(error.message);

describe('a checkpoint', () => {
  it('comes back as it was written, and is taken by the run that wrote it', () => {
    const { file, state } = kept();
    assert.deepEqual(state.weights, weights);
    restore(file, state, 5, weights);
  });

  it('of another kernel, seed or network is refused with what was found and expected', () => {
    const { file, state } = kept();
    assert.throws(
      () => restore(file, state, 6, weights),
      refusal(/checkpoint\.bin: seed: found 5, expected 6/),
    );
    assert.throws(
      () => restore(file, state, 5, [weights[0]]),
      refusal(/checkpoint\.bin: weights: found 3, 1, expected 3/),
    );
    useKernel({ ...plainLstm, name: 'of another build' });
    assert.throws(
      () => restore(file, state, 5, weights),
      refusal(/checkpoint\.bin: kernel: found .+, expected of another build, or UNDERFOOT_KERNEL/),
    );
  });
});
