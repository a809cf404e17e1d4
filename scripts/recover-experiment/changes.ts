import { randomAt } from '../../agent/train/seeded.ts';
import { heavier } from '../drift-experiment/conditions.ts';

/** What happens to the current of a real recording (amperes, steps x channels) when its gain changes. */
export interface Change {
  readonly name: string;
  /** New memory. `index` seeds what is random. */
  apply(data: Float32Array, gain: number, index: number): Float32Array;
}

/** Enough to wipe out a lattice of 0.131 A, and far below what a window varies by. */
const noiseA = 0.08;

export const changes: readonly Change[] = [
  { name: 'scaled', apply: (data, gain) => data.map((v) => v * gain) },
  {
    name: 'scaled, noise 0.08 A (no lattice)',
    apply(data, gain, index) {
      const random = randomAt(55, index);
      return data.map((v) => v * gain + noiseA * random.normal());
    },
  },
  {
    name: 'heavier load (same lattice)',
    apply(data, gain, index) {
      const out = new Float32Array(data.length);
      heavier(gain).apply(data, 1, index, out);
      return out;
    },
  },
];
