import {
  type FeatureLstm,
  type FeatureLstmOptions,
  featureLstm,
  featureLstmDefaults,
  fitScales,
  type MemberKind,
} from './architectures/feature-lstm.ts';
import { recordingChances, targets } from './balance.ts';
import type { EpochResult } from './epoch-result.ts';
import { fit } from './fit.ts';
import { randomAt } from './seeded.ts';

/** Training windows [count, steps, channels] in the channels' units, their labels and where they come from. */
export interface TrainingWindows {
  readonly x: Float32Array;
  readonly y: ArrayLike<number>;
  readonly recordings: readonly string[];
  readonly steps: number;
  readonly channels: number;
  readonly labels: number;
}

export interface FeatureRecipe {
  readonly members: readonly MemberKind[];
  readonly network: Omit<FeatureLstmOptions, 'steps' | 'channels' | 'labels' | 'members' | 'seed'>;
  /** Steps of training a member gets. */
  readonly trainingSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  /** Each window is multiplied by exp(normal x this): motors and loads differ a little. */
  readonly gainSpread: number;
  readonly averageDecay: number;
  /** How the additive part is trained, where the network has one. It is a convex problem: the seed hardly matters. */
  readonly additive: Pick<FeatureRecipe, 'trainingSteps' | 'batchSize' | 'learningRate'>;
}

export const featureRecipe: FeatureRecipe = {
  members: ['chunk', 'chunk', 'conv'],
  network: { ...featureLstmDefaults, additive: { bins: 8, l2: 0.004 } },
  trainingSteps: 300,
  batchSize: 64,
  learningRate: 3e-3,
  weightDecay: 1e-2,
  labelSmoothing: 0.05,
  gainSpread: 0,
  averageDecay: 0.98,
  additive: { trainingSteps: 400, batchSize: 256, learningRate: 0.02 },
};

/** Windows that the scales of the features are taken from. */
const SCALE_WINDOWS = 1500;
const STEPS_PER_EPOCH = 50;

/** Trains every member, and the additive part, by itself and gives them together. */
export async function trainFeatureLstm(
  data: TrainingWindows,
  recipe: FeatureRecipe,
  seed: number,
  onEpoch?: (member: number, result: EpochResult) => unknown,
): Promise<FeatureLstm> {
  const { steps, channels, labels, x } = data;
  const model = featureLstm({ ...recipe.network, steps, channels, labels, members: recipe.members, seed });
  const chances = recordingChances(data.y, data.recordings);
  fitScales(model, drawn(x, steps * channels, chances, seed));
  const y = targets(data.y, labels, recipe.labelSmoothing);
  const parts = model.members.map((part) => ({ part, ...recipe }));
  if (model.additive) parts.push({ part: model.additive, ...recipe, ...recipe.additive, weightDecay: 0 });
  for (const [i, { part, trainingSteps, batchSize, learningRate, weightDecay }] of parts.entries()) {
    await fit({
      model: part,
      x,
      y,
      chances,
      stepsPerEpoch: STEPS_PER_EPOCH,
      epochs: Math.ceil(trainingSteps / STEPS_PER_EPOCH),
      batchSize,
      optimiser: {
        kind: 'adam',
        learningRate,
        beta2: 0.99,
        weightDecay,
        clipNorm: 1,
      },
      schedule: warmCosine,
      averageDecay: recipe.averageDecay,
      augment: (batch, random) => {
        if (recipe.gainSpread === 0) return;
        const size = steps * channels;
        for (let b = 0; b < batch.indices.length; b++) {
          const gain = Math.exp(recipe.gainSpread * random.normal());
          for (let k = b * size; k < (b + 1) * size; k++) batch.x[k] *= gain;
        }
      },
      seed: seed * 100 + i,
      onEpoch: (result) => onEpoch?.(i, result),
    });
  }
  return model;
}

/** Up in the first twentieth, then down along half a cosine. */
export const warmCosine = (share: number): number =>
  Math.min(1, share / 0.05 + 0.1) * (0.5 + 0.5 * Math.cos(Math.PI * share));

function drawn(x: Float32Array, size: number, chances: Float32Array, seed: number): Float32Array {
  const random = randomAt(seed, -1);
  const cumulative = new Float64Array(chances.length);
  chances.forEach((chance, i) => {
    cumulative[i] = (cumulative[i - 1] ?? 0) + chance;
  });
  const out = new Float32Array(SCALE_WINDOWS * size);
  for (let i = 0; i < SCALE_WINDOWS; i++) {
    const at = random.uniform() * cumulative[cumulative.length - 1];
    const index = cumulative.findIndex((c) => c > at);
    out.set(x.subarray(index * size, (index + 1) * size), i * size);
  }
  return out;
}
