import { FeatureExtractor } from '../../agent/drift/features.ts';
import type { ModelCard, Statistic } from '../../agent/model/card.ts';
import type { LoadedModel } from '../../agent/model/load.ts';

const anything: Statistic = { mean: 0, std: 1, quantiles: [-3, -2, -1, 0, 1, 2, 3] };

/** A model of two surfaces on channel `cur` at 25 Hz, 50 steps: ICE where the mean of the window plus `bias` is large. */
export function toyModel({ name = 'toy', bias = 0 } = {}): LoadedModel {
  const features = new FeatureExtractor(['cur'], 50);
  const inputs = Object.fromEntries(features.names.map((n) => [n, anything]));
  const card = {
    name,
    version: '1.0.0',
    labels: ['ICE', 'SNOW'],
    rateHz: 25,
    steps: 50,
    stride: 5,
    channels: [{ name: 'cur', unit: 'A' }],
    decision: { stay: 0.9, falseRejectRate: 0 },
    reference: {
      confidence: anything,
      confidenceByLabel: {},
      inputs,
      inputsByLabel: { ICE: inputs, SNOW: inputs },
    },
    files: {},
  } as unknown as ModelCard;
  return {
    folder: 'toy',
    card,
    selfTestError: 0,
    classifier: {
      engine: 'toy',
      classify: async (window) => {
        const mean = window.reduce((sum, v) => sum + v, 0) / window.length;
        const p = 1 / (1 + Math.exp(-(mean - 1.6 + bias)));
        return Float32Array.of(p, 1 - p);
      },
      close: async () => undefined,
    },
  };
}
