import type { Reference, Statistic } from './reference.ts';

/** Beyond this many standard deviations further is not more unknown. */
const clip = 6;

/**
 * How far a window is from everything that the model was trained to know: the smallest, over the labels, root mean
 * square of its standardised input statistics (a diagonal Mahalanobis distance). About 1 for a typical known window.
 */
export class FeatureDistance {
  readonly #means: Float64Array[];
  readonly #scales: Float64Array[];

  constructor(reference: Pick<Reference, 'inputs' | 'inputsByLabel'>, featureNames: readonly string[]) {
    const labels = Object.values(reference.inputsByLabel);
    const of = (value: (own: Statistic, all: Statistic) => number) =>
      labels.map((inputs) =>
        Float64Array.from(featureNames, (name) =>
          value(inputs[name] ?? reference.inputs[name], reference.inputs[name]),
        ),
      );
    this.#means = of((own) => own.mean);
    // A label that was seen on few recordings looks narrower than it is: it borrows from the spread of all.
    this.#scales = of((own, all) => Math.max(1e-9, Math.sqrt(own.std ** 2 + 0.1 * all.std ** 2)));
  }

  /** `features`: one number a feature name. Allocates nothing. */
  of(features: ArrayLike<number>): number {
    let least = Number.POSITIVE_INFINITY;
    for (let label = 0; label < this.#means.length; label++) {
      const mean = this.#means[label];
      const scale = this.#scales[label];
      let sum = 0;
      for (let f = 0; f < mean.length; f++) {
        const z = Math.min(clip, Math.abs(features[f] - mean[f]) / scale[f]);
        sum += z * z;
      }
      if (sum < least) least = sum;
    }
    return Math.sqrt(least / this.#means[0].length);
  }
}

/** A distance in standard deviations of the reference's own; 0 where the reference does not know them. */
export function standardDistance({ distance }: Pick<Reference, 'distance'>, value: number): number {
  return distance ? (value - distance.mean) / (distance.std + 1e-9) : 0;
}
