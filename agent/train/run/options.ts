import { z } from 'zod';

/** All that decides how a run ends: the same options and data give the same weights. Kept in `run.json`. */
export const trainOptionsSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]+$/, 'expected letters, digits, _ and -'),
  data: z.string(),
  channels: z.array(z.strictObject({ name: z.string(), unit: z.string() })).min(1),
  rateHz: z.number().positive(),
  steps: z.number().int().min(2),
  stride: z.number().int().positive(),
  /** `lstm`: LSTM layers on scaled samples; `features`: a bidirectional LSTM over fixed features (see architectures/). */
  architecture: z.enum(['lstm', 'features']),
  /** Units of each LSTM layer; the first number is used by `features`. */
  units: z.array(z.number().int().positive()).min(1),
  bidirectional: z.boolean(),
  batchNorm: z.boolean(),
  dropout: z.number().min(0).lt(1),
  optimiser: z.strictObject({
    kind: z.enum(['rmsprop', 'adam', 'sgd']),
    learningRate: z.number().positive(),
    rho: z.number().optional(),
    momentum: z.number().optional(),
    weightDecay: z.number().optional(),
    clipNorm: z.number().positive().optional(),
  }),
  batchSize: z.union([z.number().int().positive(), z.literal('full')]),
  epochs: z.number().int().positive(),
  seed: z.number().int(),
  patience: z.number().int().positive().optional(),
  /** What counts the same: windows, labels (weights), or recordings within labels (chances to be drawn). */
  balance: z.enum(['none', 'labels', 'recordings']),
  split: z.enum(['recording', 'random']),
  /** One fold of this many is held out. */
  folds: z.number().int().min(2),
});
export type TrainOptions = z.infer<typeof trainOptionsSchema>;
