/**
 * What recording costs an SD card: `npx tsx scripts/measure-sessions.ts [MINUTES] [RATE_HZ]`. The simulated robot drives
 * for so long on a clock of its own, through the recorder as it is, onto a real disk; the figures are then those of an
 * hour. docs/sessions.md has the result for an hour at 1 kHz and two channels.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { Recorder } from '../agent/session/recorder.ts';
import { startSessionClock } from '../agent/session/session-clock.ts';
import { verifyFile } from '../agent/session/verify.ts';
import { createReading } from '../agent/signal/sample.ts';
import { SimulatedRobot } from '../agent/simulate/robot.ts';

/** All an hour. */
export interface RecordingCost {
  readonly bytes: number;
  readonly writes: number;
  readonly syncs: number;
  readonly files: number;
  readonly samples: number;
}

export interface CostOptions {
  readonly folder: string;
  readonly minutes: number;
  readonly rateHz: number;
  /** Predictions a second; 0 is a recording without a model. */
  readonly predictionsHz: number;
}

const tickUs = 100_000;
const labels = ['ASPHALT', 'CARPET', 'GRASS', 'GRAVEL', 'SAND', 'TILES'];

/** Records in `folder` and checks what was written. */
export async function recordingCost(options: CostOptions): Promise<RecordingCost> {
  const { folder, minutes, rateHz, predictionsHz } = options;
  const robot = new SimulatedRobot({ seed: 1, rateHz });
  let nowUs = 1e6;
  const clock = startSessionClock(
    () => nowUs,
    () => Date.UTC(2026, 0, 1) + nowUs / 1000,
  );
  mock.timers.enable({ apis: ['setInterval'] });
  const recorder = await Recorder.start({
    folder,
    sessionId: 'measured',
    channels: ['curL', 'curR'],
    clock,
    metadata: {},
    library: 'underfoot',
  });
  recorder.label('ASPHALT', 'command');
  const reading = createReading(2);
  let samples = 0;
  let predictions = 0;
  const endUs = nowUs + minutes * 60e6;
  while (nowUs < endUs) {
    nowUs += tickUs;
    const elapsedS = (nowUs - clock.startUs) / 1e6;
    for (; samples < elapsedS * rateHz; samples++) {
      const { currentA } = robot.next();
      reading.values.set(currentA);
      reading.deviceTicks = Math.round((samples * 1e6) / rateHz) % 2 ** 32;
      // Bytes come a hundred times a second.
      recorder.reading(reading, clock.startUs + Math.ceil((samples * 100) / rateHz) * 10_000);
    }
    for (; predictions < elapsedS * predictionsHz; predictions++)
      recorder.prediction(prediction(predictions));
    mock.timers.tick(tickUs / 1000);
    // The disk is real, and this clock is faster than it.
    while (recorder.state.waitingBytes > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const { files, bytes, writes, syncs, droppedSamples, complete } = await recorder.stop();
  mock.timers.reset();
  const read = files.reduce((sum, file) => sum + verifyFile(file).samples, 0);
  if (!complete || droppedSamples > 0 || read !== samples)
    throw new Error(
      `the recording is not whole: ${JSON.stringify({ complete, droppedSamples, read, samples, files })}`,
    );
  const anHour = (count: number) => Math.round((count * 60) / minutes);
  return {
    bytes: anHour(bytes),
    writes: anHour(writes),
    syncs: anHour(syncs),
    files: anHour(files.length),
    samples: anHour(samples),
  };
}

/** As many digits as a real one: 12 probabilities that were computed in float32. */
function prediction(index: number): object {
  const p = (i: number) => Math.fround(Math.abs(Math.sin(index * 12.9898 + i * 78.233)));
  const byLabel = (from: number) => Object.fromEntries(labels.map((label, i) => [label, p(from + i)]));
  return {
    windowIndex: index,
    startUs: index * 400_000 + p(20),
    endUs: index * 400_000 + 3.96e6 + p(20),
    label: 'ASPHALT',
    confidence: p(0),
    probabilities: byLabel(0),
    smoothedLabel: 'ASPHALT',
    smoothedConfidence: p(6),
    smoothedProbabilities: byLabel(6),
    unknown: false,
    surface: 'ASPHALT',
    drift: 'stable',
    model: 'demo-six-surfaces@1.0.0',
  };
}

if (process.argv[1] === import.meta.filename) {
  const minutes = Number(process.argv[2] ?? 60);
  const rateHz = Number(process.argv[3] ?? 1000);
  for (const predictionsHz of [0, 2.5]) {
    const folder = mkdtempSync(join(tmpdir(), 'underfoot-cost-'));
    try {
      const cost = await recordingCost({ folder, minutes, rateHz, predictionsHz });
      console.log(JSON.stringify({ rateHz, predictionsHz, measuredMinutes: minutes, ...cost }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
