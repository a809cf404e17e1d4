import { randomAt } from '../../agent/train/seeded.ts';

/** What is done to windows that were cut from real recordings, in amperes; (steps x channels), row-major. */
export interface Condition {
  readonly name: string;
  /** Fills `out` with the disturbed window. `index` seeds what is random. */
  apply(data: Float32Array, channels: number, index: number, out: Float32Array): void;
  /** Instead: time stamps are multiplied by this, and windows are cut anew. */
  readonly timeScale?: number;
  readonly needsTwoChannels?: boolean;
}

/** Lattice of the Husky's converter, as the cards of the shipped models have it. */
const STEP_A = 0.1313;
const PHASE_A = 0.067;

/** What the converter would have said: a heavier load does not change its steps, multiplying a file does. */
function digitise(x: number): number {
  return Math.abs(x) < 1e-6 ? 0 : Math.max(0, PHASE_A + STEP_A * Math.round((x - PHASE_A) / STEP_A));
}

const each = (change: (x: number, i: number, random: () => number) => number): Condition['apply'] => {
  return (data, _channels, index, out) => {
    const random = randomAt(77, index);
    for (let i = 0; i < data.length; i++) out[i] = change(data[i], i, () => random.normal());
  };
};

const onChannel = (channel: number, change: (first: number) => number): Condition['apply'] => {
  return (data, channels, _index, out) => {
    out.set(data);
    for (let i = channel; i < data.length; i += channels) out[i] = change(data[channel]);
  };
};

/** Current of a motor that draws `gain` times as much, read by the same converter. */
export function heavier(gain: number): Condition {
  return { name: `load x ${gain}`, apply: each((x) => digitise(x * gain)) };
}

/** A file, or a sensor behind another amplifier: the converter's steps grow as well. */
export function scaled(gain: number): Condition {
  return { name: `gain x ${gain}`, apply: each((x) => x * gain) };
}

/** White noise of three times the power of what is above half of Nyquist: with it, the noise is 6 dB up. */
const noise: Condition = {
  name: 'noise + 6 dB',
  apply(data, channels, index, out) {
    const random = randomAt(78, index);
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let i = c + channels; i < data.length; i += channels) sum += (data[i] - data[i - channels]) ** 2;
      const ownA = Math.sqrt(sum / (data.length / channels - 1) / 2);
      for (let i = c; i < data.length; i += channels)
        out[i] = digitise(data[i] + Math.sqrt(3) * ownA * random.normal());
    }
  },
};

export const undisturbed: Condition = { name: 'none', apply: (data, _c, _i, out) => out.set(data) };

export const conditions: readonly Condition[] = [
  ...[1.1, 1.25, 1.5, 2].map(heavier),
  ...[1.1, 1.25, 1.5, 2].map(scaled),
  { name: 'offset + 0.5 A, digitised', apply: each((x) => digitise(x + 0.5)) },
  { name: 'offset + 0.5 A', apply: each((x) => x + 0.5) },
  { name: 'one channel dead', apply: onChannel(0, () => 0) },
  { name: 'one channel stuck', apply: onChannel(0, (first) => first) },
  {
    name: 'channels swapped',
    needsTwoChannels: true,
    apply(data, _channels, _index, out) {
      for (let i = 0; i < data.length; i += 2) [out[i], out[i + 1]] = [data[i + 1], data[i]];
    },
  },
  noise,
  { ...undisturbed, name: 'rate x 2', timeScale: 0.5 },
  { ...undisturbed, name: 'rate / 2', timeScale: 2 },
];
