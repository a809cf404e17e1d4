import { Gaussian } from './gaussian.ts';
import { levelStatistics } from './levels.ts';
import type { SurfaceLevels } from './surface-levels.ts';

/** Gains that are considered, as natural logarithms. */
export const reach = Math.log(2);
const stepSize = 0.025;
export const candidates: readonly number[] = Array.from(
  { length: 2 * Math.round(reach / stepSize) + 1 },
  (_, i) => (i - Math.round(reach / stepSize)) * stepSize,
);
const unchanged = (candidates.length - 1) / 2;

/** Beyond this, further from every surface is not less likely: it is no surface. */
const furthest = 60;
/** Windows of one surface count as this many independent ones at most: a recording is not new evidence for ever. */
const cap = 4;
/** Windows of a surface after which older ones are forgotten. */
const memory = 300;
/** Before anything is seen: a gain is within a factor of 1.4 of 1 in two cases of three. */
const priorDeviation = 0.35;

interface Surface {
  readonly gaussian: Gaussian;
  /** What a logarithm of the gain adds to every level, whitened. */
  readonly effect: Float64Array;
  /** Mean log likelihood by candidate, of the windows that were most like this surface. */
  readonly curve: Float64Array;
  windows: number;
}

/** What was gathered on one surface: windows, and mean log likelihood by candidate gain. Goes through JSON unchanged. */
export interface SurfaceMemory {
  readonly windows: number;
  readonly curve: readonly number[];
}

/** What a robot's history says about one gain of all its channels. */
export interface GainEvidence {
  /** Natural logarithm of the most likely gain. */
  readonly logGain: number;
  /** How much more likely that is than no change, in nats; 0 before enough surfaces were seen. */
  readonly nats: number;
}

/**
 * Gathers, surface by surface, how likely windows are under each candidate gain. A window is compared with all
 * surfaces, so nobody has to say which it was. Each surface counts the same however long it was driven on: one surface
 * alone can look like another with another gain, several together cannot. Constant memory.
 */
export class SurfaceEvidence {
  readonly #surfaces: Surface[];
  /** Independent windows in one: windows overlap. */
  readonly #share: number;
  readonly #white: Float64Array;
  readonly #likely = new Float64Array(candidates.length);

  constructor(surfaces: Readonly<Record<string, SurfaceLevels>>, share: number) {
    this.#share = share;
    this.#surfaces = Object.values(surfaces).map(({ window: { mean, covariance } }) => {
      const gaussian = new Gaussian(mean, covariance);
      const effect = gaussian.whiten(new Float64Array(mean.length).fill(1), new Float64Array(mean.length));
      return { gaussian, effect, curve: new Float64Array(candidates.length), windows: 0 };
    });
    this.#white = new Float64Array(this.#surfaces[0]?.gaussian.size ?? levelStatistics.length);
  }

  /** The levels of one window (see levels.ts). `applied`: index of the candidate that is believed now. */
  push(levels: ArrayLike<number>, applied: number): void {
    const likely = this.#likely.fill(0);
    let best = 0;
    let most = 0;
    this.#surfaces.forEach(({ gaussian, effect }, s) => {
      const white = this.#white;
      for (let i = 0; i < white.length; i++) white[i] = levels[i] - gaussian.mean[i];
      gaussian.whiten(white, white);
      const [own, cross, gain] = [dot(white, white), dot(white, effect), dot(effect, effect)];
      for (let k = 0; k < candidates.length; k++) {
        const g = candidates[k];
        const distance = Math.min(furthest, own - 2 * g * cross + g * g * gain);
        const density = Math.exp(-(distance + gaussian.logDeterminant) / 2);
        likely[k] += density;
        if (k === applied && density > most) [best, most] = [s, density];
      }
    });
    const surface = this.#surfaces[best];
    surface.windows++;
    const weight = Math.max(1 / surface.windows, 1 / memory);
    for (let k = 0; k < likely.length; k++)
      surface.curve[k] += weight * (Math.log(likely[k]) - surface.curve[k]);
  }

  get evidence(): GainEvidence {
    const counts = this.#surfaces.map(({ windows }) => Math.min(cap, windows * this.#share));
    // On some surfaces only, a gain cannot be told from the surface.
    if (counts.some((n) => n < 1)) return { logGain: 0, nats: 0 };
    const total = candidates.map((g, k) =>
      this.#surfaces.reduce(
        (sum, { curve }, s) => sum + counts[s] * curve[k],
        -((g / priorDeviation) ** 2) / 2,
      ),
    );
    const best = total.indexOf(Math.max(...total));
    return { logGain: candidates[best], nats: total[best] - total[unchanged] };
  }

  /** By surface, in the order of the reference. */
  memory(): SurfaceMemory[] {
    return this.#surfaces.map(({ windows, curve }) => ({ windows, curve: [...curve] }));
  }

  /** `memory` has as many surfaces as the reference, each with a number a candidate. */
  restore(memory: readonly SurfaceMemory[]): void {
    this.#surfaces.forEach((surface, s) => {
      surface.windows = memory[s].windows;
      surface.curve.set(memory[s].curve);
    });
  }

  reset(): void {
    for (const surface of this.#surfaces) {
      surface.windows = 0;
      surface.curve.fill(0);
    }
  }
}

/** Index of the candidate nearest to a logarithm of a gain. */
export function candidateNear(logGain: number): number {
  return Math.max(0, Math.min(candidates.length - 1, Math.round(logGain / stepSize) + unchanged));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
