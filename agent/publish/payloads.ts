import { z } from 'zod';
import { diagnosticsBody } from './diagnostics-payload.ts';
import { count, instant, label, probabilities, probability, quantity } from './payload-parts.ts';

/**
 * What is published, one schema a topic: it makes the TypeScript type, the JSON Schema, the AsyncAPI document and the
 * reference page. Subscribers must ignore keys they do not know; keys are only ever added under one `schemaVersion`.
 */
export const schemaVersion = 1;

/** Stands at the head of every payload; the publisher fills it in. */
const envelope = z.object({
  schemaVersion: z.literal(schemaVersion).meta({ description: 'Version of this payload schema' }),
  robotId: label('The robot that speaks'),
  bootId: z.string().meta({ description: 'New at each start of the agent' }),
  sequence: count(
    'Counts messages of this topic since the start, from 1. A message whose bootId and sequence were seen before is a duplicate; a hole is a loss, but in status, where the last will of each connection has a number too',
  ),
  time: instant('When this was said'),
  clockSynchronised: z
    .boolean()
    .nullable()
    .meta({ description: 'Whether the clock behind `time` was synchronised; null when that is not known' }),
});
export type Envelope = z.infer<typeof envelope>;

const modelName = z
  .object({
    name: label('Name on the model card'),
    version: z.string().meta({ description: 'Version on the model card' }),
    engine: z.string().meta({ description: 'What computes it' }).optional(),
    simulated: z
      .boolean()
      .meta({ description: 'Trained on a simulator: never trust it on a real robot' })
      .optional(),
  })
  .meta({ description: 'The model in use' });

const driftState = z
  .enum(['warming', 'stable', 'warning', 'drift'])
  .meta({ description: 'Whether predictions can still be trusted' });

const statusBody = z.object({
  state: z.enum(['online', 'degraded', 'offline']).meta({ description: 'How the agent is' }),
  reasons: z.array(z.string()).meta({ description: 'Why it is not online, for people; empty when it is' }),
  version: z.string().meta({ description: 'Version of the agent' }),
  model: modelName.nullable(),
  source: z
    .object({
      kind: z.string().meta({ description: 'serial, tcp, replay, simulated' }),
      name: z.string().meta({ description: 'Port, address or file' }),
      state: z.enum(['open', 'waiting', 'closed']).meta({ description: 'Whether bytes can arrive' }),
    })
    .nullable()
    .meta({ description: 'Where motor current comes from' }),
});

const estimatedAccuracy = z
  .object({
    value: probability('Estimate'),
    low: probability('It lies above this in 97.5 of 100 cases'),
    high: probability('It lies below this in 97.5 of 100 cases'),
    windows: count('Windows that it is of'),
  })
  .meta({
    description:
      'How many of the last labels are right, judging by confidence and input without knowing the truth; absent where the model card cannot tell',
  });

const predictionBody = z.object({
  windowIndex: count('Counts windows since the pipeline began'),
  startUs: quantity('us', 'First step of the window on the time line of the samples'),
  endUs: quantity('us', 'Last step of the window on the time line of the samples'),
  windowStart: instant('First step of the window'),
  windowEnd: instant('Last step of the window'),
  label: label('Most probable label of this window alone'),
  confidence: probability('Probability of `label`'),
  probabilities: probabilities('Calibrated probability of each label, this window alone; they sum to 1'),
  smoothedLabel: label('Most probable label after smoothing over windows'),
  smoothedConfidence: probability('Smoothed probability of the most probable label'),
  smoothedProbabilities: probabilities('Probability of each label after smoothing; they sum to 1'),
  margin: probability('Most probable minus second, this window alone'),
  entropy: quantity('nat', 'Entropy of `probabilities`'),
  unknown: z.boolean().meta({ description: 'The window fits no class of the model' }),
  surface: label('The surface to act on: changes only when sure for a while; `unknown` is one'),
  drift: z.boolean().meta({ description: 'Made while drift was detected: do not rely on it' }),
  estimatedAccuracy: estimatedAccuracy.optional(),
  afterGap: z.boolean().meta({ description: 'First window after a start, gap or reset' }).optional(),
  latencyMs: quantity('ms', 'From the last byte of the window to this message'),
  model: z.string().meta({ description: 'name@version of the model' }).optional(),
});

const surfaceBody = z.object({
  label: label('The surface now; `unknown` when no class fits'),
  previous: label('The surface before').nullable(),
  confidence: probability('Smoothed probability at the change'),
  unknown: z.boolean().meta({ description: 'No class fits' }),
  drift: z.boolean().meta({ description: 'Decided while drift was detected: do not rely on it' }),
  since: instant('End of the window that decided it'),
  windowIndex: count('The window that decided it'),
});

const moved = z.object({
  what: z
    .string()
    .meta({ description: 'What moved: `confidence`, `rate`, or a statistic such as `curL.mean`' }),
  kind: z
    .enum(['confidence', 'input', 'rate', 'channel', 'calibration', 'unknown'])
    .meta({ description: 'What sort of number that is' }),
  detector: z.string().meta({ description: 'Which test says so' }),
  statistic: z.number().meta({ description: 'Value of the test statistic' }),
  threshold: z.number().meta({ description: 'From here on it is drift' }),
  reference: z.number().nullable().meta({ description: 'What the model card expects on this surface' }),
  current: z.number().nullable().meta({ description: 'Value now' }),
});

const driftBody = z.object({
  state: driftState,
  since: instant('When this state began'),
  moved: z.array(moved).meta({ description: 'What moved, worst first; empty when nothing did' }),
  action: z
    .enum(['none', 'recalibrate', 'record', 'retrain', 'check wiring'])
    .meta({ description: 'What to do about it' }),
  windows: count('Windows since the start or the last reset'),
  estimatedAccuracy: estimatedAccuracy.optional(),
  gain: z
    .object({
      byChannel: z.record(z.string(), z.number().positive()).meta({
        description: 'What the current of each channel is divided by before the model sees it; 1 is nothing',
      }),
      byLattice: z
        .record(z.string(), z.number().positive())
        .meta({ description: "Of that, what the step of the sensor's converter says" }),
      byLevels: z.number().positive().meta({ description: 'And what the level over several surfaces says' }),
      evidenceNats: z
        .number()
        .meta({ description: 'How much more likely that level is than an unchanged one, in nats' }),
    })
    .optional()
    .meta({ description: 'What gain tracking corrects; only where it is on' }),
});

export const recordingBody = z.object({
  state: z.enum(['idle', 'recording']).meta({ description: 'Whether a session is being recorded' }),
  sessionId: z.string().nullable().meta({ description: 'The session, or the last one' }),
  startTime: instant('When the session began').optional(),
  label: label('Label of what is being recorded').nullable(),
  durationS: quantity('s', 'Length of the session so far'),
  samples: count('Samples of the session so far').optional(),
  bytes: quantity('B', 'Size of the session so far'),
  freeBytes: quantity('B', 'Free space where sessions are kept').nullable(),
  reason: z
    .string()
    .meta({
      description:
        'Why the last recording ended, when not on request; while recording, what is wrong with it',
    })
    .optional(),
  continues: z
    .string()
    .meta({ description: 'The session that this one goes on from: another model was taken into use' })
    .optional(),
});

const modelReportBody = z.object({
  state: z
    .enum(['idle', 'waiting', 'downloading', 'verifying', 'shadow', 'active', 'rejected', 'rolled-back'])
    .meta({ description: 'Where the last announced model is on its way' }),
  model: z.string().nullable().meta({ description: 'name@version that was announced' }),
  active: z.string().nullable().meta({ description: 'name@version in use' }),
  reason: z
    .string()
    .meta({ description: 'Why it was refused or rolled back, or what is being waited for' })
    .optional(),
  shadow: z
    .object({
      windows: count('Windows that both models classified'),
      agreement: probability('Share of windows with the same label'),
      confidenceActive: probability('Mean confidence of the model in use'),
      confidenceCandidate: probability('Mean confidence of the announced model'),
      failures: count('Windows that the announced model could not classify'),
      skipped: count('Windows that came while the announced model was still at work on others').optional(),
      latencyMs: quantity('ms', 'Mean time of the announced model for a window'),
    })
    .meta({ description: 'What both models said about the same live windows' })
    .optional(),
});

export type StatusBody = z.infer<typeof statusBody>;
export type PredictionBody = z.infer<typeof predictionBody>;
export type SurfaceBody = z.infer<typeof surfaceBody>;
export type DriftBody = z.infer<typeof driftBody>;
export type DiagnosticsBody = z.infer<typeof diagnosticsBody>;
export type RecordingBody = z.infer<typeof recordingBody>;
export type ModelReportBody = z.infer<typeof modelReportBody>;
export type MqttCounters = DiagnosticsBody['mqtt'];

/** How each report travels, and its whole schema. */
const report = <T extends z.ZodRawShape>(
  body: z.ZodObject<T>,
  how: { retain: boolean; qos: 0 | 1; expiryS?: number; title: string; description: string },
) => ({
  expiryS: undefined,
  ...how,
  schema: envelope.extend(body.shape).meta({ title: how.title, description: how.description }),
});

export const reports = {
  status: report(statusBody, {
    retain: true,
    qos: 1,
    title: 'Status',
    description: 'How the agent is. Also the last will: the broker says `offline` when the agent vanishes.',
  }),
  prediction: report(predictionBody, {
    retain: false,
    qos: 0,
    expiryS: 10,
    title: 'Prediction',
    description: 'Every window that was classified.',
  }),
  surface: report(surfaceBody, {
    retain: true,
    qos: 1,
    title: 'Surface',
    description: 'The smoothed surface, only when it changes.',
  }),
  drift: report(driftBody, {
    retain: true,
    qos: 1,
    title: 'Drift',
    description: 'Whether predictions can still be trusted, when that changes.',
  }),
  diagnostics: report(diagnosticsBody, {
    retain: true,
    qos: 0,
    expiryS: 60,
    title: 'Diagnostics',
    description: 'Counters and rates, every 10 s.',
  }),
  recording: report(recordingBody, {
    retain: true,
    qos: 1,
    title: 'Recording',
    description: 'Whether a session is being recorded, when that changes.',
  }),
  model: report(modelReportBody, {
    retain: true,
    qos: 1,
    title: 'Model',
    description:
      'How far an announced model got: downloaded, verified, run in shadow, activated, refused, rolled back.',
  }),
} as const;
