import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

test('a sample allocates nothing in steady state, with and without device time', async () => {
  for (const mode of ['device-time', 'arrival']) {
    const args = ['--expose-gc', '--max-semi-space-size=64', '--import', 'tsx'];
    const { stdout } = await run(process.execPath, [...args, 'test/signal/allocation-process.ts', mode]);
    const { bytesPerSample, windows } = JSON.parse(stdout) as { bytesPerSample: number; windows: number };
    assert.ok(windows >= 35, `${windows} windows`);
    // One number is 16 bytes; what is left are windows, fits of the clock and one arrival a read.
    assert.ok(bytesPerSample < 8, `${mode}: ${bytesPerSample} bytes a sample`);
  }
});
