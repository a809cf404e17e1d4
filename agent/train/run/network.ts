import { featureLstm, featureLstmDefaults, fitScales } from '../architectures/feature-lstm.ts';
import { lstm } from '../lstm-layer.ts';
import { randomAt, seeded } from '../seeded.ts';
import { tfl } from '../tensorflow.ts';
import type { TrainOptions } from './options.ts';

export type NetworkOptions = Pick<
  TrainOptions,
  'architecture' | 'units' | 'bidirectional' | 'batchNorm' | 'dropout' | 'steps' | 'seed'
> & { readonly channels: number; readonly labels: number };

/** The untrained network. `x` are training windows: fixed features take their scale from them. */
export function network(o: NetworkOptions, x: Float32Array): tfl.LayersModel {
  if (o.architecture === 'lstm') return seeded(randomAt(o.seed), () => plain(o));
  const { steps, channels, labels, seed } = o;
  const model = featureLstm({
    ...featureLstmDefaults,
    units: o.units[0],
    dropHead: o.dropout,
    steps,
    channels,
    labels,
    seed,
    members: ['chunk'],
  });
  const size = steps * channels;
  const every = Math.max(1, Math.floor(x.length / size / 1500));
  fitScales(
    model,
    x.filter((_, i) => Math.floor(i / size) % every === 0),
  );
  return model.whole;
}

/** LSTM layers one above the other, the last giving its last step; then the labels. */
function plain(o: NetworkOptions): tfl.LayersModel {
  const layers: tfl.layers.Layer[] = [tfl.layers.inputLayer({ inputShape: [o.steps, o.channels] })];
  o.units.forEach((units, i) => {
    const layer = lstm({ units, returnSequences: i < o.units.length - 1 });
    layers.push(
      o.bidirectional ? tfl.layers.bidirectional({ layer: layer as tfl.RNN, mergeMode: 'concat' }) : layer,
    );
    if (o.batchNorm) layers.push(tfl.layers.batchNormalization({}));
    if (o.dropout > 0) layers.push(tfl.layers.dropout({ rate: o.dropout }));
  });
  layers.push(tfl.layers.dense({ units: o.labels, activation: 'softmax' }));
  return tfl.sequential({ layers });
}
