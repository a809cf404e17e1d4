import type {
  DiagnosticsBody,
  DriftBody,
  PredictionBody,
  RecordingBody,
  StatusBody,
  SurfaceBody,
} from '../../agent/publish/payloads.ts';

const time = '2026-01-02T03:04:05.678Z';

export const status: StatusBody = {
  state: 'online',
  reasons: [],
  version: '0.1.0',
  model: { name: 'demo', version: '1', engine: 'test', simulated: true },
  source: { kind: 'serial', name: '/dev/ttyACM0', state: 'open' },
};

export const prediction: PredictionBody = {
  windowIndex: 7,
  startUs: 1_000_000,
  endUs: 16_000_000,
  windowStart: time,
  windowEnd: time,
  label: 'grass',
  confidence: 0.75,
  probabilities: { grass: 0.75, gravel: 0.25 },
  smoothedLabel: 'grass',
  smoothedConfidence: 0.9,
  smoothedProbabilities: { grass: 0.9, gravel: 0.1 },
  margin: 0.5,
  entropy: 0.56,
  unknown: false,
  surface: 'grass',
  drift: false,
  latencyMs: 4.2,
};

export const surface: SurfaceBody = {
  label: 'grass',
  previous: null,
  confidence: 0.9,
  unknown: false,
  drift: false,
  since: time,
  windowIndex: 7,
};

export const drift: DriftBody = {
  state: 'warning',
  since: time,
  moved: [
    {
      what: 'confidence',
      kind: 'confidence',
      detector: 'ewma',
      statistic: 4,
      threshold: 8,
      reference: 0.9,
      current: 0.6,
    },
  ],
  action: 'record',
  windows: 100,
};

export const diagnostics: Omit<DiagnosticsBody, 'mqtt'> = {
  uptimeS: 10,
  sampleRateHz: 100,
  windowRateHz: 1,
  bytes: 1000,
  discardedBytes: 0,
  samples: 100,
  windows: 1,
  gaps: 0,
  queue: 0,
  droppedWindows: 0,
  inferenceMs: { p50: 1, p99: 2 },
  memoryBytes: 100_000_000,
};

export const recording: RecordingBody = {
  state: 'idle',
  sessionId: null,
  label: null,
  durationS: 0,
  bytes: 0,
  freeBytes: 1e9,
};
