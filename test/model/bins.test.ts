import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bins } from '../../agent/model/layers/bins.ts';
import { predictRaw } from '../../agent/train/step.ts';
import { tfl } from '../../agent/train/tensorflow.ts';
import { noise } from '../train/networks.ts';

/** Two features: ranges 0 to 1 and 1 to 3, and -2 to 0 and 0 to 0.5. */
function bins(): { layer: Bins; model: tfl.LayersModel } {
  const layer = new Bins({ count: 2 });
  const model = tfl.sequential({ layers: [tfl.layers.inputLayer({ inputShape: [2] }), layer] });
  layer.setRanges(Float32Array.of(0, 1, -2, 0), Float32Array.of(1, 2, 2, 0.5));
  return { layer, model };
}

describe('bins', () => {
  it('say where a feature is in each of its ranges: before it, along it, behind it', () => {
    const places = predictRaw(bins().model, Float32Array.of(-5, -2, 0.25, -1.5, 1, 0.25, 2, 0.5, 9, 9));
    assert.deepEqual(
      Array.from({ length: 5 }, (_, i) => [...places.subarray(4 * i, 4 * i + 4)]),
      [
        [-0.5, -0.5, -0.5, -0.5],
        [-0.25, -0.5, -0.25, -0.5],
        [0.5, -0.5, 0.5, 0],
        [0.5, 0, 0.5, 0.5],
        [0.5, 0.5, 0.5, 0.5],
      ],
    );
  });

  it('have ranges that are not trained, and that their configuration and weights bring back', async () => {
    const { layer, model } = bins();
    assert.equal(layer.trainableWeights.length, 0);
    const topology = model.toJSON(undefined, false);
    const copy = await tfl.models.modelFromJSON({ modelTopology: topology } as never);
    copy.setWeights(model.getWeights());
    const x = noise(40).map((v) => 3 * v);
    assert.deepEqual(predictRaw(copy, x), predictRaw(model, x));
  });
});
