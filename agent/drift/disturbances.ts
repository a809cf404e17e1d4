/**
 * What is done to held-out windows when a card is made, so that it knows how the model fails: its accuracy is not what
 * it was when the current is another, and its confidence does not say so.
 */
export interface Disturbance {
  readonly name: string;
  /** Factor on the current; 1 where it is something else. */
  readonly gain: number;
  /** Disturbs a window (steps x channels, row-major) in place; `index` seeds what is random. */
  apply(data: Float32Array, channels: number, index: number): void;
}

const scaled = (gain: number): Disturbance => ({
  name: `gain ${gain}`,
  gain,
  apply(data) {
    for (let i = 0; i < data.length; i++) data[i] *= gain;
  },
});

export const disturbances: readonly Disturbance[] = [
  ...[0.67, 0.8, 1.1, 1.25, 1.5, 2].map(scaled),
  {
    name: 'first channel dead',
    gain: 1,
    apply(data, channels) {
      for (let i = 0; i < data.length; i += channels) data[i] = 0;
    },
  },
  {
    name: 'noise',
    gain: 1,
    apply(data, channels, index) {
      const random = uniform(index);
      for (let c = 0; c < channels; c++) {
        let change = 0;
        for (let i = c + channels; i < data.length; i += channels)
          change += Math.abs(data[i] - data[i - channels]);
        // Even noise as large as the steps from one value to the next that are there already.
        const size = (2 * change) / (data.length / channels - 1);
        for (let i = c; i < data.length; i += channels) data[i] += size * (random() - 0.5);
      }
    },
  },
];

/** Linear congruential generator (Numerical Recipes): noise needs no better. */
function uniform(seed: number): () => number {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
