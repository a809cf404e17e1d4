import type {
  DiagnosticsBody,
  PredictionBody,
  StatusBody,
  SurfaceBody,
} from '../../agent/publish/payloads.ts';
import type { Random } from '../../agent/simulate/random.ts';

/** Reports as large as those of an agent with the model `demo-six-surfaces`, with random numbers in them. */

const labels = ['asphalt', 'carpet', 'grass', 'gravel', 'sand', 'tiles'];

export const status: StatusBody = {
  state: 'online',
  reasons: [],
  version: '0.1.0',
  model: { name: 'demo-six-surfaces', version: '1', engine: 'onnx', simulated: true },
  source: { kind: 'serial', name: '/dev/serial/by-id/usb-Arduino_Uno-if00', state: 'open' },
};

function probabilities(random: Random): Record<string, number> {
  const raw = labels.map(() => random.uniform() ** 4);
  const sum = raw.reduce((a, b) => a + b, 0);
  return Object.fromEntries(labels.map((label, i) => [label, raw[i] / sum]));
}

function best(probability: Record<string, number>): [string, number] {
  return Object.entries(probability).sort(([, a], [, b]) => b - a)[0];
}

/** `endUs` is the moment of its making on the wall clock, so that a subscriber on this machine can tell its age. */
export function prediction(random: Random, windowIndex: number, endUs: number): PredictionBody {
  const alone = probabilities(random);
  const smoothed = probabilities(random);
  const [label, confidence] = best(alone);
  const [smoothedLabel, smoothedConfidence] = best(smoothed);
  const startUs = endUs - 15_400_000;
  return {
    windowIndex,
    startUs,
    endUs,
    windowStart: new Date(startUs / 1000).toISOString(),
    windowEnd: new Date(endUs / 1000).toISOString(),
    label,
    confidence,
    probabilities: alone,
    smoothedLabel,
    smoothedConfidence,
    smoothedProbabilities: smoothed,
    margin: confidence / 2,
    entropy: random.uniform(),
    unknown: false,
    surface: smoothedLabel,
    drift: false,
    latencyMs: 10 * random.uniform(),
    model: 'demo-six-surfaces@1',
  };
}

export function surface(random: Random, windowIndex: number): SurfaceBody {
  const [label, confidence] = best(probabilities(random));
  const since = new Date().toISOString();
  return { label, previous: 'grass', confidence, unknown: false, drift: false, since, windowIndex };
}

export function diagnostics(random: Random, windows: number): Omit<DiagnosticsBody, 'mqtt'> {
  const channel = { outOfRange: 0, saturated: false, stuck: false, reversed: false };
  return {
    uptimeS: 1000 * random.uniform(),
    sampleRateHz: 50 + random.uniform(),
    windowRateHz: 0.65,
    bytes: windows * 2000,
    discardedBytes: 0,
    samples: windows * 77,
    windows,
    gaps: 0,
    signal: {
      lostSamples: 0,
      refusedSamples: 0,
      windowRestarts: 0,
      deviceResets: 0,
      clockSkewPpm: 20 * random.uniform(),
      clockJumps: 0,
      delayS: 0.31,
      channels: [
        { name: 'curL', ...channel },
        { name: 'curR', ...channel },
      ],
    },
    queue: 0,
    droppedWindows: 0,
    inferenceMs: { p50: random.uniform(), p99: 3 * random.uniform() },
    memoryBytes: 130_000_000,
  };
}
