import { softmax, temper } from '../decision/temperature.ts';
import type { ModelCard } from './card.ts';

/** One probability a label from what the model gave, after the card's temperature; new memory. */
export function probabilitiesOf(card: ModelCard, output: ArrayLike<number>): Float32Array {
  const out = new Float32Array(card.labels.length);
  const scale = card.output === 'logits' ? softmax : temper;
  return scale(output, card.temperature, out);
}
