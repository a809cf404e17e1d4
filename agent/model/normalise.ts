import type { ModelCard } from './card.ts';

/** Scales a window (`steps` x `channels`, row-major) as the card says, into `out`. */
export function normalise(
  card: Pick<ModelCard, 'normalisation'>,
  window: Float32Array,
  out: Float32Array,
): Float32Array {
  if (card.normalisation.kind === 'none') {
    out.set(window);
    return out;
  }
  const { mean, std } = card.normalisation;
  const channels = mean.length;
  for (let i = 0; i < window.length; i++) {
    const channel = i % channels;
    out[i] = (window[i] - mean[channel]) / std[channel];
  }
  return out;
}
