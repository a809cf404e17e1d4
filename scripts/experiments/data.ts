import { existsSync } from 'node:fs';
import { datasetOf } from '../../agent/session/dataset.ts';
import { RecordingBuilder } from '../../agent/session/recording-builder.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { SimulatedRobot } from '../../agent/simulate/robot.ts';
import { surfaces } from '../../agent/simulate/surfaces.ts';
import { permutation, randomAt } from '../../agent/train/seeded.ts';
import { huskyFolder } from '../models/husky-data.ts';

/** Sequences [count, steps, 1], scaled to mean 0 and standard deviation 1, with their labels. */
export interface Sequences {
  readonly name: string;
  readonly x: Float32Array;
  readonly y: number[];
  readonly steps: number;
  readonly labels: number;
}

const COUNT = 98;
const SECONDS = 4;

/** 98 windows of four seconds of the simulated robot's left motor on six surfaces, at this rate: (98, 100, 1) at 25 Hz. */
export function simulated(rateHz = 25): Sequences {
  const steps = SECONDS * rateHz;
  const labels = surfaces.map((s) => s.label);
  const perLabel = Math.ceil(COUNT / labels.length);
  const recordings = labels.map((label, k) => {
    const robot = new SimulatedRobot({ seed: 500 + k, rateHz: 200, labels: [label], dwellS: 1000 });
    const builder = new RecordingBuilder(`${label}/0`, 'simulated', ['curL']);
    for (let i = 0; i < 200 * (SECONDS * perLabel + 2); i++) {
      const { timeUs, currentA } = robot.next();
      builder.add(timeUs, currentA.subarray(0, 1), label);
    }
    return builder.finish();
  });
  return pickEvenly(`simulated robot, ${rateHz} Hz`, recordings, rateHz, steps, labels);
}

/** 98 windows of the real Husky's left motor on five surfaces, at their 6.5 Hz; undefined where the recordings are missing. */
export function real(): Sequences | undefined {
  if (!existsSync(huskyFolder)) return undefined;
  const recordings = [...recordingsIn(huskyFolder)];
  const labels = [...new Set(recordings.map((r) => r.id.split('/')[0]))].sort();
  return pickEvenly('real Husky, 6.5 Hz', recordings, 6.5, 100, labels);
}

/** The sanity check: noisy cosines of random phase against arc cosines of a ramp. */
export function cosines(): Sequences {
  const steps = 100;
  const random = randomAt(11);
  const y = Array.from({ length: COUNT }, (_, i) => i % 2);
  const x = new Float32Array(COUNT * steps);
  y.forEach((label, i) => {
    const [phase, length] = [random.between(0, 2 * Math.PI), random.between(0.5, 1)];
    for (let t = 0; t < steps; t++) {
      const u = t / (steps - 1);
      const clean =
        label === 0 ? Math.cos(phase + 4 * Math.PI * length * u) : Math.acos(length * (2 * u - 1));
      x[i * steps + t] = clean + 0.1 * random.normal();
    }
  });
  return { name: 'cos and arccos', x: scaled(x), y, steps, labels: 2 };
}

/** Gives `count` sequences, drawn at random, another label. */
export function mislabelled(s: Sequences, count: number): Sequences {
  const random = randomAt(21);
  const y = [...s.y];
  for (const i of permutation(y.length, random).subarray(0, count))
    y[i] = (y[i] + 1 + random.integer(s.labels - 1)) % s.labels;
  return { ...s, y };
}

function pickEvenly(
  name: string,
  recordings: Parameters<typeof datasetOf>[0],
  rateHz: number,
  steps: number,
  labels: string[],
): Sequences {
  const spec = { channels: [{ name: 'curL', unit: 'A' }], rateHz, steps, stride: steps };
  const all = datasetOf(recordings, spec, labels);
  const order = permutation(all.n, randomAt(31));
  const wanted = labels.map((_, k) => [...order].filter((i) => all.y[i] === k));
  const chosen: number[] = [];
  for (let round = 0; chosen.length < COUNT && round < all.n; round++)
    for (const own of wanted) if (round < own.length && chosen.length < COUNT) chosen.push(own[round]);
  const x = new Float32Array(chosen.length * steps);
  chosen.forEach((i, k) => {
    x.set(all.x.subarray(i * steps, (i + 1) * steps), k * steps);
  });
  return { name, x: scaled(x), y: chosen.map((i) => all.y[i]), steps, labels: labels.length };
}

function scaled(x: Float32Array): Float32Array {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const std = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length);
  return x.map((v) => (v - mean) / std);
}
