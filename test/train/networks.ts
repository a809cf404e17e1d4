import { featureLstm, featureLstmDefaults, fitScales } from '../../agent/train/architectures/feature-lstm.ts';
import { lstm } from '../../agent/train/lstm-layer.ts';
import { randomAt, seeded } from '../../agent/train/seeded.ts';
import { tfl } from '../../agent/train/tensorflow.ts';

export const STEPS = 20;
export const CHANNELS = 2;
export const LABELS = 5;

/** Networks that between them hold every layer that we promise to export. */
export const networks: Record<string, () => tfl.LayersModel> = {
  'one LSTM': () => chain(lstm({ units: 11 })),
  'stacked LSTMs with dropout and batch normalisation': () =>
    chain(
      lstm({ units: 9, returnSequences: true }),
      tfl.layers.batchNormalization(),
      tfl.layers.dropout({ rate: 0.3 }),
      lstm({ units: 7, goBackwards: true }),
    ),
  'a backwards LSTM with all steps': () =>
    chain(lstm({ units: 6, returnSequences: true, goBackwards: true }), tfl.layers.flatten()),
  'a convolution in front of a bidirectional LSTM, pooled': () =>
    chain(
      tfl.layers.conv1d({ filters: 8, kernelSize: 5, padding: 'same', activation: 'relu' }),
      tfl.layers.maxPooling1d({ poolSize: 2 }),
      tfl.layers.bidirectional({
        layer: lstm({ units: 6, returnSequences: true }) as tfl.RNN,
        mergeMode: 'concat',
      }),
      tfl.layers.globalAveragePooling1d({}),
    ),
  'a bidirectional LSTM, last step, summed': () =>
    chain(tfl.layers.bidirectional({ layer: lstm({ units: 6 }) as tfl.RNN, mergeMode: 'sum' })),
  'a GRU after two convolutions': () =>
    chain(
      tfl.layers.conv1d({ filters: 4, kernelSize: 4, strides: 2, padding: 'same' }),
      tfl.layers.conv1d({
        filters: 4,
        kernelSize: 3,
        padding: 'valid',
        activation: 'tanh',
      }),
      tfl.layers.averagePooling1d({ poolSize: 3, strides: 2, padding: 'same' }),
      tfl.layers.gru({ units: 5, recurrentActivation: 'sigmoid' }),
    ),
  'two branches joined': branches,
  'feature LSTMs together': () => {
    const sizes = { steps: STEPS, channels: CHANNELS, labels: LABELS, seed: 3 };
    const model = featureLstm({
      ...featureLstmDefaults,
      ...sizes,
      members: ['chunk', 'conv'],
      additive: { bins: 4, l2: 0 },
    });
    fitScales(model, noise(60 * STEPS * CHANNELS, 5).map(Math.abs));
    return model.whole;
  },
};

function branches(): tfl.LayersModel {
  const x = tfl.input({ shape: [STEPS, CHANNELS] });
  const h = lstm({ units: 8, returnSequences: true }).apply(x) as tfl.SymbolicTensor;
  const max = tfl.layers.globalMaxPooling1d({}).apply(h) as tfl.SymbolicTensor;
  const flat = tfl.layers.reshape({ targetShape: [STEPS * 8] }).apply(h) as tfl.SymbolicTensor;
  const dense = tfl.layers.dense({ units: 8, activation: 'tanh' }).apply(flat) as tfl.SymbolicTensor;
  const sum = tfl.layers.add().apply([max, dense]) as tfl.SymbolicTensor;
  const joined = tfl.layers.concatenate().apply([max, sum]) as tfl.SymbolicTensor;
  const logits = tfl.layers.dense({ units: LABELS }).apply(joined) as tfl.SymbolicTensor;
  return tfl.model({
    inputs: x,
    outputs: tfl.layers.activation({ activation: 'softmax' }).apply(logits) as tfl.SymbolicTensor,
  });
}

function chain(...layers: tfl.layers.Layer[]): tfl.LayersModel {
  return tfl.sequential({
    layers: [
      tfl.layers.inputLayer({ inputShape: [STEPS, CHANNELS] }),
      ...layers,
      tfl.layers.dense({ units: LABELS, activation: 'softmax' }),
    ],
  });
}

/** The network of this name with seeded weights. */
export function network(name: string): tfl.LayersModel {
  return seeded(randomAt(7), () => networks[name]());
}

/** Standard normal numbers. */
export function noise(count: number, seed = 1): Float32Array {
  const random = randomAt(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}
