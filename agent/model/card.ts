import { z } from 'zod';

/**
 * The model card: everything about a model that the agent must know to feed it, read it and say how far to trust
 * it. `card.json` beside the model; a model whose files do not match it is refused.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hex');
const probability = z.number().min(0).max(1);

/** Middle and spread of one statistic over the windows of held-out recordings. */
const statistic = z.strictObject({
  mean: z.number(),
  std: z.number().min(0),
  /** Quantiles 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, ascending. */
  quantiles: z.array(z.number()).length(7),
});
export type Statistic = z.infer<typeof statistic>;

/** Input statistics of one label, by name (see agent/drift/features.ts), each over windows. */
const inputReference = z.record(z.string(), statistic);

const levelModel = z.strictObject({
  mean: z.array(z.number()).min(1),
  covariance: z.array(z.array(z.number())).min(1),
});

const metrics = z.strictObject({
  windows: z.number().int().positive(),
  recordings: z.number().int().positive(),
  accuracy: probability,
  balancedAccuracy: probability,
  macroF1: probability,
  /** Expected calibration error, 15 equal-width bins. */
  ece: probability,
  /** Multi-class Brier score, 0 (best) to 2. */
  brier: z.number().min(0).max(2).optional(),
  perClassRecall: z.record(z.string(), probability.nullable()),
  /** Rows are the truth, columns the prediction, both in the order of `labels`. */
  confusion: z.array(z.array(z.number().int().nonnegative())),
});
export type Metrics = z.infer<typeof metrics>;

const scalingScores = z.strictObject({
  /** Mean over the labels of the mean negative log-likelihood (nats). */
  logLoss: z.number().nonnegative(),
  ece: probability,
  brier: z.number().min(0).max(2),
});

export const cardSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string().regex(/^[A-Za-z0-9_-]+$/),
  version: z.string(),
  description: z.string(),
  /** ISO 8601 date. */
  created: z.string(),
  /** True when the training data came from a simulator: never to be trusted on a real robot. */
  simulated: z.boolean(),
  labels: z.array(z.string().regex(/^[A-Za-z0-9_-]+$/)).min(2),
  rateHz: z.number().positive(),
  steps: z.number().int().positive(),
  /** Steps from the start of one window to the start of the next. */
  stride: z.number().int().positive(),
  channels: z
    .array(
      z.strictObject({
        name: z.string(),
        unit: z.string(),
        validRange: z.tuple([z.number(), z.number()]).optional(),
      }),
    )
    .min(1),
  /** Applied to the window before the model sees it; `none` where the graph does its own scaling. */
  normalisation: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({
      kind: z.literal('standard'),
      mean: z.array(z.number()),
      std: z.array(z.number().positive()),
    }),
  ]),
  output: z.enum(['logits', 'probabilities']),
  /** Logits (or log probabilities) are divided by this before the softmax. */
  temperature: z.number().positive(),
  /** Instead of the temperature, where there is one: factor and bias of each label. */
  vectorScaling: z
    .strictObject({ scale: z.array(z.number().positive()), bias: z.array(z.number()) })
    .optional(),
  decision: z.strictObject({
    /** Chance that the surface stays the same from one window to the next. */
    stay: z.number().positive().max(1),
    /** Share of a window that is new evidence to the smoother, 0 to 1; default 1. */
    evidence: z.number().positive().max(1).optional(),
    /** Instead of `stay`: chance of each label (column) after each label (row). */
    transitions: z.array(z.array(probability)).optional(),
    /** Share of known windows that may be called unknown; the thresholds below were set for it. */
    falseRejectRate: probability,
    /** Below this smoothed confidence, or lead over the second label, or above this entropy (nats) or feature distance, a window is `unknown`. */
    minConfidence: probability.optional(),
    minMargin: probability.optional(),
    maxEntropy: z.number().nonnegative().optional(),
    maxDistance: z.number().nonnegative().optional(),
  }),
  reference: z.strictObject({
    confidence: statistic,
    /** By predicted label; a label that was never predicted is absent. */
    confidenceByLabel: z.record(z.string(), statistic),
    inputs: inputReference,
    inputsByLabel: z.record(z.string(), inputReference),
    /** Recordings behind the statistics of each predicted label. */
    recordingsByLabel: z.record(z.string(), z.number().nonnegative()).optional(),
    /** Distance of windows to the labels (agent/drift/distance.ts). */
    distance: statistic.optional(),
    /** Guess of the gain of a window (agent/drift/gain.ts), and what it gives for the held-out windows. */
    gainModel: z
      .strictObject({ mean: z.array(z.number()), scale: z.array(z.number()), weights: z.array(z.number()) })
      .optional(),
    gain: statistic.optional(),
    /** Chance that a label is right, from signs of the input (agent/drift/accuracy.ts). */
    accuracy: z
      .strictObject({
        weights: z.array(z.number()),
        spread: z.number().nonnegative(),
        run: z.number().positive(),
      })
      .optional(),
    /** By channel: the lattice that the sensor's converter leaves in the readings (agent/drift/resolution.ts). */
    resolution: z
      .record(
        z.string(),
        z.strictObject({ step: z.number().positive(), phase: probability, fit: probability }),
      )
      .optional(),
    /** Rate of the readings in the recordings behind the reference. */
    rateHz: z.number().positive().optional(),
    /** By stream and detector: evidence from which on it is drift (agent/drift/limits.ts). */
    limits: z.record(z.string(), z.record(z.string(), z.number().positive())).optional(),
    /** By true label: how high the current of whole drives and of windows lies (agent/drift/recover/levels.ts). */
    surfaces: z
      .record(
        z.string(),
        z.strictObject({
          recordings: z.number().int().positive(),
          spread: z.array(z.number().nonnegative()).optional(),
          drive: levelModel,
          window: levelModel,
        }),
      )
      .optional(),
  }),
  /** References that this one replaced, oldest first (`underfoot models rebaseline`). */
  rebaselined: z
    .array(
      z.strictObject({
        /** ISO 8601. */
        date: z.string(),
        reason: z.string().min(1),
        /** What the new reference was made of. */
        data: z.string(),
        recordings: z.number().int().positive(),
        windows: z.number().int().positive(),
        /** The reference before, in a file of this folder, and its SHA-256. */
        previous: z.strictObject({ file: z.string(), sha256 }),
      }),
    )
    .optional(),
  selfTest: z.strictObject({
    tolerance: z.number().positive(),
    /** Windows as the resampler gives them, before normalisation; probabilities after scaling. */
    windows: z
      .array(z.strictObject({ data: z.array(z.number()), probabilities: z.array(probability) }))
      .min(1),
  }),
  training: z.strictObject({
    data: z.string(),
    dataSha256: sha256,
    recordings: z.number().int().positive(),
    windows: z.number().int().positive(),
    split: z.string(),
    seed: z.number().int(),
    epochs: z.number().int().nonnegative(),
    optimiser: z.string(),
    batchSize: z.number().int().positive(),
    parameters: z.number().int().positive(),
    codeVersion: z.string(),
    script: z.string(),
  }),
  heldOut: z.strictObject({
    /** How the windows were kept apart from the training, in words. */
    method: z.string(),
    raw: metrics,
    smoothed: metrics,
    /** Ways of scaling, each on recordings that it was not fitted on (agent/train/fit-scaling.ts). */
    scaling: z
      .strictObject({ asIs: scalingScores, temperature: scalingScores, vector: scalingScores })
      .optional(),
  }),
  /** SHA-256 of every file of the model folder but the card. */
  files: z.record(z.string(), sha256),
});

/** A checked model card. */
export type ModelCard = z.infer<typeof cardSchema>;

/** The scaling of a model's outputs, for people. */
export function scalingOf({ temperature, vectorScaling, labels }: ModelCard): string {
  if (!vectorScaling) return `temperature ${temperature}`;
  const { scale, bias } = vectorScaling;
  return `factor and bias by label: ${labels.map((label, k) => `${label} ${scale[k]}, ${bias[k]}`).join('; ')}`;
}
