import { logarithms, type Scaling, scaled } from '../decision/scaling.ts';
import type { ModelCard } from './card.ts';

/**
 * One probability a label from what the model gave for one window, after the card's scaling; new memory. Throws a
 * RangeError where the model gave something else than numbers: nothing can be said of such a window.
 */
export function probabilitiesOf(
  { labels, output: kind, ...scaling }: Pick<ModelCard, 'labels' | 'output'> & Scaling,
  output: ArrayLike<number>,
): Float32Array {
  for (let k = 0; k < labels.length; k++)
    if (!Number.isFinite(output[k]))
      throw new RangeError(`output for ${labels[k]}: found ${output[k]}, expected a finite number`);
  const out = new Float32Array(labels.length);
  return scaled(kind === 'logits' ? output : logarithms(output, out), scaling, out);
}
