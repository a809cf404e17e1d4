import { ConfigError } from '../errors.ts';
import type { ModelCard } from './card.ts';
import type { Classifier } from './classifier.ts';

/** Runs the card's self-test windows; returns the largest difference, throws ConfigError where it exceeds the tolerance. */
export async function selfTest(file: string, card: ModelCard, classifier: Classifier): Promise<number> {
  let worst = 0;
  for (const [i, window] of card.selfTest.windows.entries()) {
    const found = await classify(classifier, Float32Array.from(window.data));
    const difference = Math.max(...window.probabilities.map((p, k) => Math.abs(p - found[k])));
    // Written so that NaN fails.
    if (!(difference <= card.selfTest.tolerance)) {
      throw new ConfigError([
        {
          file,
          key: `selfTest.windows.${i}.probabilities`,
          found: `[${Array.from(found, (p) => p.toPrecision(6)).join(', ')}] from ${classifier.engine}`,
          expected: `[${window.probabilities.map((p) => p.toPrecision(6)).join(', ')}] within ${card.selfTest.tolerance}`,
        },
      ]);
    }
    worst = Math.max(worst, difference);
  }
  return worst;
}

/** Its probabilities, or none where it gave no numbers. */
async function classify(classifier: Classifier, window: Float32Array): Promise<ArrayLike<number>> {
  try {
    return await classifier.classify(window);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}
