import { join } from 'node:path';
import { packageRoot } from '../../agent/package-root.ts';
import { type Dataset, datasetOf, hashDataset } from '../../agent/session/dataset.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { RecordingBuilder } from '../../agent/session/recording-builder.ts';
import { SimulatedRobot } from '../../agent/simulate/robot.ts';
import { surfaces } from '../../agent/simulate/surfaces.ts';
import { targets } from '../../agent/train/balance.ts';
import { warmCosine } from '../../agent/train/feature-recipe.ts';
import { fit } from '../../agent/train/fit.ts';
import { lstm } from '../../agent/train/lstm-layer.ts';
import { describeOptimiser } from '../../agent/train/optimiser.ts';
import { normalised, packageModel } from '../../agent/train/package-model.ts';
import { randomAt, seeded } from '../../agent/train/seeded.ts';
import { predict } from '../../agent/train/step.ts';
import { tfl } from '../../agent/train/tensorflow.ts';
import { codeVersion } from './code-version.ts';

const SEED = 1;
const DEVICE_RATE_HZ = 50;
const spec = {
  channels: ['curL', 'curR'].map((name) => ({ name, unit: 'A' })),
  rateHz: 25,
  steps: 100,
  stride: 25,
};
const labels = surfaces.map((s) => s.label);
/** Seconds of a drive to train on, and of one that is held out: drift is judged over longer stretches. */
const [TRAINING_S, HELD_OUT_S] = [60, 180];
const TRAINING_DRIVES = 24;
const HELD_OUT_DRIVES = 40;
const optimiser = { kind: 'adam', learningRate: 3e-3, clipNorm: 1 } as const;
const [EPOCHS, BATCH_SIZE, UNITS] = [20, 32, 48];

/** The model of the demo: a plain LSTM that knows the simulated robot, and nothing of a real one. */
export async function makeDemo(folder = join(packageRoot, 'models/demo-six-surfaces')): Promise<void> {
  const training = datasetOf(drives(1000, TRAINING_DRIVES, TRAINING_S), spec, labels);
  const held = datasetOf(heldOutDrives(), spec, labels);
  const { mean, std } = moments(training);
  const model = seeded(randomAt(SEED), () =>
    tfl.sequential({
      layers: [
        lstm({ units: UNITS, returnSequences: true, inputShape: [spec.steps, spec.channels.length] }),
        tfl.layers.globalAveragePooling1d({}),
        tfl.layers.dropout({ rate: 0.3 }),
        tfl.layers.dense({ units: labels.length, activation: 'softmax' }),
      ],
    }),
  );
  const about = {
    name: 'demo-six-surfaces',
    version: '1.1.0',
    description: 'Six surfaces of the simulated robot. Never use it on a real one.',
    created: new Date().toISOString().slice(0, 10),
    simulated: true,
    labels,
    ...spec,
    normalisation: { kind: 'standard' as const, mean, std },
    output: 'probabilities' as const,
    training: {
      data: `${TRAINING_DRIVES} simulated drives of ${TRAINING_S} s on each of ${labels.length} surfaces`,
      dataSha256: hashDataset(training),
      recordings: new Set(training.recordingIds).size,
      windows: training.n,
      split: 'by drive: other seeds of the simulator are held out',
      seed: SEED,
      epochs: EPOCHS,
      optimiser: describeOptimiser(optimiser),
      batchSize: BATCH_SIZE,
      parameters: model.countParams(),
      codeVersion: codeVersion(),
      script: 'npx tsx scripts/make-models.ts demo-six-surfaces',
    },
  };
  await fit({
    model,
    x: normalised(about, training.x),
    y: targets(training.y, labels.length, 0.02),
    epochs: EPOCHS,
    batchSize: BATCH_SIZE,
    optimiser,
    schedule: warmCosine,
    seed: SEED,
    onEpoch: ({ epoch, loss, accuracy }) =>
      console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}`),
  });
  const output = predict(model, normalised(about, held.x));
  const { heldOut } = await packageModel({
    folder,
    model,
    about,
    falseRejectRate: 0.02,
    heldOut: { x: held.x, truth: held.y, recordings: held.recordingIds, output },
    method: `${HELD_OUT_DRIVES} drives a surface with seeds that were not trained on; they also set the scaling`,
  });
  const { raw, smoothed } = heldOut;
  console.log(
    `balanced accuracy ${raw.balancedAccuracy.toFixed(3)}, smoothed ${smoothed.balancedAccuracy.toFixed(3)}`,
  );
}

/** The drives that the model was not trained on. */
export function heldOutDrives(): Recording[] {
  return drives(2000, HELD_OUT_DRIVES, HELD_OUT_S);
}

/** Each surface `count` times for `driveS`, each time with another seed. */
function drives(firstSeed: number, count: number, driveS: number): Recording[] {
  return labels.flatMap((label, k) =>
    Array.from({ length: count }, (_, i) => {
      const seed = firstSeed + k * count + i;
      const robot = new SimulatedRobot({ seed, rateHz: DEVICE_RATE_HZ, labels: [label], dwellS: driveS });
      const builder = new RecordingBuilder(`${label}/${seed}`, 'simulated', ['curL', 'curR']);
      for (let n = 0; n < driveS * DEVICE_RATE_HZ; n++) {
        const sample = robot.next();
        builder.add(sample.timeUs, sample.currentA, label);
      }
      return builder.finish();
    }),
  );
}

function moments({ x, channels }: Dataset): { mean: number[]; std: number[] } {
  const own = Array.from({ length: channels }, (_, c) => x.filter((_, i) => i % channels === c));
  const mean = own.map((v) => v.reduce((a, b) => a + b, 0) / v.length);
  const std = own.map((v, c) => Math.sqrt(v.reduce((a, b) => a + (b - mean[c]) ** 2, 0) / v.length));
  return { mean, std };
}
