import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder, type RecorderOptions } from '../../agent/session/recorder.ts';
import { startSessionClock } from '../../agent/session/session-clock.ts';
import { createReading } from '../../agent/signal/sample.ts';

/** A folder that goes when the process ends; in memory where that is possible, because tests sync a lot. */
export function testFolder(name: string): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `underfoot-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Microseconds on a clock that the test moves. */
export interface TestTime {
  us: number;
}

export const testWallMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A recorder of two channels on a clock that stands still until the test moves it. */
export async function startRecorder(
  folder: string,
  options: Partial<RecorderOptions> = {},
): Promise<{ recorder: Recorder; time: TestTime }> {
  const time = { us: 5_000_000 };
  const clock = startSessionClock(
    () => time.us,
    () => testWallMs,
  );
  const recorder = await Recorder.start({
    folder,
    sessionId: 'test',
    channels: ['curL', 'curR'],
    clock,
    metadata: { robot: { id: 'husky' }, timeBase: { tickUs: '1', bits: '32' } },
    library: 'underfoot test',
    ...options,
  });
  return { recorder, time };
}

const reading = createReading(2);

/** Samples `from` to `to` (not included), 1 ms apart on both clocks: curL is the index / 8, curR its negative. */
export function feed(recorder: Recorder, time: TestTime, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    time.us += 1000;
    reading.values[0] = i / 8;
    reading.values[1] = -i;
    reading.deviceTicks = i * 1000;
    reading.sequence = i & 0xff;
    recorder.reading(reading, time.us);
  }
}

/** Waits until `condition` holds; fails after half a minute. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
