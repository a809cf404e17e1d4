import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { disturbances } from '../drift/disturbances.ts';
import { FeatureExtractor } from '../drift/features.ts';
import { type CardInputs, writeCard } from '../model/build-card.ts';
import type { ModelCard } from '../model/card.ts';
import { normalise } from '../model/normalise.ts';
import { probabilitiesOf } from '../model/output.ts';
import { fitDecision } from './fit-decision.ts';
import { fitScaling } from './fit-scaling.ts';
import { exportOnnx } from './onnx/export.ts';
import { saveTfjs } from './save-tfjs.ts';
import { randomAt } from './seeded.ts';
import { predict } from './step.ts';
import type { tfl } from './tensorflow.ts';

/** Windows that were judged by a model that had not seen their recordings, recording by recording. */
export interface HeldOut {
  /** [count, steps, channels], before normalisation. */
  readonly x: Float32Array;
  readonly truth: ArrayLike<number>;
  readonly recordings: readonly string[];
  /** What the model gave, [count, labels], before any scaling. */
  readonly output: Float32Array;
  /**
   * What the same models give for some of the windows, disturbed: [count, steps, channels] -> [count, labels]. `windows`
   * says which they are. Default: the packaged model, which then must not have seen the recordings.
   */
  judge?(x: Float32Array, windows: readonly number[]): Float32Array | Promise<Float32Array>;
  /** Windows of recordings that every model had seen: they count for the drift reference, not for the scores. */
  readonly seen?: Pick<HeldOut, 'x' | 'truth' | 'recordings' | 'output'>;
}

/** A trained or imported network: how it is written, and what it gives for windows [count, steps, channels]. */
export interface Network {
  write(folder: string): Promise<void>;
  predict(x: Float32Array): Float32Array | Promise<Float32Array>;
}

/** Writes ONNX and TensorFlow.js files. */
export function layersNetwork(model: tfl.LayersModel): Network {
  return {
    async write(folder) {
      writeFileSync(join(folder, 'model.onnx'), exportOnnx(model));
      await saveTfjs(model, folder);
    },
    predict: (x) => predict(model, x),
  };
}

export interface ModelPackage {
  readonly folder: string;
  readonly model: tfl.LayersModel | Network;
  /** The scaling is fitted to the held-out windows. */
  readonly about: Omit<CardInputs['about'], 'temperature' | 'vectorScaling'>;
  /** Share of known windows that may be called unknown. */
  readonly falseRejectRate: number;
  readonly heldOut: HeldOut;
  /** How the held-out windows were kept apart, in words. */
  readonly method: string;
  /** Rate of the readings in the recordings, where it is one and a robot is expected to keep it. */
  readonly inputRateHz?: number | undefined;
}

/** Held-out windows that are disturbed and judged again at most: enough to say how accuracy falls. */
const MOST_DISTURBED = 800;
const SELF_TEST_WINDOWS = 4;

/** Writes a model folder: model.onnx, model.json with weights.bin, and the card that says what the model can do. */
export async function packageModel(p: ModelPackage): Promise<ModelCard> {
  rmSync(p.folder, { recursive: true, force: true });
  mkdirSync(p.folder, { recursive: true });
  const network = 'write' in p.model ? p.model : layersNetwork(p.model);
  await network.write(p.folder);
  const { labels, output: kind } = p.about;
  const { compared, ...scaling } = fitScaling({ labels, kind, ...p.heldOut });
  const about = { ...p.about, ...scaling };
  const heldOut = heldOutWindows({ about, heldOut: p.heldOut });
  return writeCard(p.folder, {
    about,
    decision: fitDecision(heldOut, p.falseRejectRate),
    method: p.method,
    featureNames: extractorOf(about).names,
    inputRateHz: p.inputRateHz,
    heldOut,
    seen: p.heldOut.seen && heldOutWindows({ about, heldOut: p.heldOut.seen }),
    disturbed: await disturbedSets({ about, heldOut: p.heldOut }, network, heldOut),
    selfTest: { tolerance: 1e-5, windows: await selfTestWindows(about, network) },
    scaling: compared,
  });
}

/** Scales windows as the card says, for training and judging. */
export function normalised(about: Sizes & Pick<ModelCard, 'normalisation'>, x: Float32Array): Float32Array {
  const size = about.steps * about.channels.length;
  const out = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += size)
    normalise(about, x.subarray(at, at + size), out.subarray(at, at + size));
  return out;
}

type Sizes = Pick<ModelCard, 'steps' | 'channels'>;

const extractorOf = (about: Sizes): FeatureExtractor =>
  new FeatureExtractor(
    about.channels.map((c) => c.name),
    about.steps,
  );

interface Judged {
  readonly about: CardInputs['about'];
  readonly heldOut: HeldOut;
}

export function heldOutWindows({ about, heldOut }: Judged): CardInputs['heldOut'] {
  const extractor = extractorOf(about);
  const size = about.steps * about.channels.length;
  return heldOut.recordings.map((recording, i) => {
    const data = heldOut.x.subarray(i * size, (i + 1) * size);
    return {
      recording,
      truth: heldOut.truth[i],
      probabilities: probabilities(about, heldOut.output, i),
      features: extractor.extract(data, new Float64Array(extractor.names.length)),
      afterGap: heldOut.recordings[i - 1] !== recording,
      data,
    };
  });
}

/** The held-out windows (every n-th, where they are many) under each disturbance, judged again. */
export async function disturbedSets(
  { about, heldOut }: Judged,
  network: Pick<Network, 'predict'>,
  windows: CardInputs['heldOut'],
): Promise<NonNullable<CardInputs['disturbed']>> {
  const extractor = extractorOf(about);
  const every = Math.ceil(windows.length / MOST_DISTURBED);
  const chosen = [...windows.keys()].filter((i) => i % every === 0);
  const size = about.steps * about.channels.length;
  const sets: NonNullable<CardInputs['disturbed']>[number][] = [];
  for (const { gain, apply } of disturbances) {
    const x = new Float32Array(chosen.length * size);
    chosen.forEach((i, k) => {
      const own = x.subarray(k * size, (k + 1) * size);
      own.set(heldOut.x.subarray(i * size, (i + 1) * size));
      apply(own, about.channels.length, i);
    });
    const output = await (heldOut.judge?.(x, chosen) ?? network.predict(normalised(about, x)));
    sets.push({
      gain,
      windows: chosen.map((i, k) => ({
        recording: windows[i].recording,
        truth: windows[i].truth,
        probabilities: probabilities(about, output, k),
        features: extractor.extract(
          x.subarray(k * size, (k + 1) * size),
          new Float64Array(extractor.names.length),
        ),
      })),
    });
  }
  return sets;
}

/** Of window `i`, calibrated. */
function probabilities(about: CardInputs['about'], output: Float32Array, i: number): Float32Array {
  const labels = about.labels.length;
  return probabilitiesOf(about, output.subarray(i * labels, (i + 1) * labels));
}

/** Made-up windows, so that no recording is copied: a level, a slow swing and noise, rounded as a sensor would. */
async function selfTestWindows(
  about: CardInputs['about'],
  network: Network,
): Promise<ModelCard['selfTest']['windows']> {
  const channels = about.channels.length;
  const windows: ModelCard['selfTest']['windows'] = [];
  for (let i = 0; i < SELF_TEST_WINDOWS; i++) {
    const random = randomAt(2026, i);
    const [level, swing, noise] = [1 + 4 * i, random.between(0, 2), random.between(0.1, 1.5)];
    const data = Float32Array.from({ length: about.steps * channels }, (_, k) => {
      const slow = swing * Math.sin(Math.floor(k / channels) / (3 + i));
      return Math.max(0, Math.round((level + slow + noise * random.normal()) * 100) / 100);
    });
    const output = await network.predict(normalised(about, data));
    windows.push({ data: [...data], probabilities: [...probabilities(about, output, 0)] });
  }
  return windows;
}
