import * as tfl from '@tensorflow/tfjs-layers';
import { lstm } from '../../train/lstm-layer.ts';
import { ResetAfterGru } from '../layers/reset-after-gru.ts';
import type { KerasLayerConfig } from './keras-file.ts';

type Config = Record<string, unknown>;
type Make = (c: Config, name: string) => tfl.layers.Layer;

/** A setting that the layer here does not have. */
export class UnsupportedSetting extends Error {}

function only(config: Config, name: string, ...allowed: unknown[]): void {
  const value = config[name] ?? allowed[0];
  if (!allowed.includes(value))
    throw new UnsupportedSetting(
      `${name} ${JSON.stringify(value)}, expected ${allowed.map((a) => JSON.stringify(a)).join(' or ')}`,
    );
}

const number = (c: Config, name: string): number => c[name] as number;
/** Keras writes some single numbers as lists of one. */
const first = (value: unknown): number => (Array.isArray(value) ? value[0] : value) as number;

function activation(c: Config): never {
  const name = (c.activation ?? 'linear') as string;
  const known = ['linear', 'relu', 'tanh', 'sigmoid', 'softmax', 'elu', 'selu', 'softplus', 'softsign'];
  if (!known.includes(name))
    throw new UnsupportedSetting(`activation ${JSON.stringify(name)}, expected one of ${known.join(', ')}`);
  return name as never;
}

function recurrentSettings(c: Config): void {
  only(c, 'activation', 'tanh');
  only(c, 'recurrent_activation', 'sigmoid');
  only(c, 'return_state', false);
  only(c, 'stateful', false);
}

const recurrent: Make = (c, name) => {
  recurrentSettings(c);
  return lstm({
    name,
    units: number(c, 'units'),
    useBias: c.use_bias !== false,
    returnSequences: c.return_sequences === true,
    goBackwards: c.go_backwards === true,
  });
};

const gru: Make = (c, name) => {
  recurrentSettings(c);
  only(c, 'use_bias', true);
  const returnSequences = c.return_sequences === true;
  const goBackwards = c.go_backwards === true;
  const units = number(c, 'units');
  if (c.reset_after !== false) return new ResetAfterGru({ name, units, returnSequences, goBackwards });
  return tfl.layers.gru({ name, units, returnSequences, goBackwards, recurrentActivation: 'sigmoid' });
};

const pooling = (c: Config, name: string) => {
  only(c, 'data_format', 'channels_last');
  only(c, 'padding', 'valid', 'same');
  const poolSize = first(c.pool_size);
  return {
    name,
    poolSize,
    strides: first(c.strides ?? poolSize),
    padding: (c.padding ?? 'valid') as 'valid' | 'same',
  };
};

/** Layers that do nothing in use. */
const nothing: Make = (_c, name) => tfl.layers.dropout({ rate: 0, name });

/** Makes the layer of a class; its weights come later. */
export const makers: Record<string, Make> = {
  LSTM: recurrent,
  GRU: gru,
  Dropout: nothing,
  SpatialDropout1D: nothing,
  GaussianNoise: nothing,
  GaussianDropout: nothing,
  ActivityRegularization: nothing,
  Dense: (c, name) =>
    tfl.layers.dense({
      name,
      units: number(c, 'units'),
      useBias: c.use_bias !== false,
      activation: activation(c),
    }),
  BatchNormalization: (c, name) =>
    tfl.layers.batchNormalization({
      name,
      axis: first(c.axis ?? -1),
      epsilon: number(c, 'epsilon'),
      center: c.center !== false,
      scale: c.scale !== false,
    }),
  LayerNormalization: (c, name) =>
    tfl.layers.layerNormalization({
      name,
      axis: first(c.axis ?? -1),
      epsilon: number(c, 'epsilon'),
      center: c.center !== false,
      scale: c.scale !== false,
    }),
  Conv1D: (c, name) => {
    only(c, 'data_format', 'channels_last');
    only(c, 'padding', 'valid', 'same');
    only(c, 'groups', 1);
    return tfl.layers.conv1d({
      name,
      filters: number(c, 'filters'),
      kernelSize: first(c.kernel_size),
      strides: first(c.strides ?? 1),
      dilationRate: first(c.dilation_rate ?? 1),
      padding: (c.padding ?? 'valid') as 'valid' | 'same',
      useBias: c.use_bias !== false,
      activation: activation(c),
    });
  },
  MaxPooling1D: (c, name) => tfl.layers.maxPooling1d(pooling(c, name)),
  AveragePooling1D: (c, name) => tfl.layers.averagePooling1d(pooling(c, name)),
  GlobalMaxPooling1D: (_c, name) => tfl.layers.globalMaxPooling1d({ name }),
  GlobalAveragePooling1D: (_c, name) => tfl.layers.globalAveragePooling1d({ name }),
  Flatten: (_c, name) => tfl.layers.flatten({ name }),
  Reshape: (c, name) => tfl.layers.reshape({ name, targetShape: c.target_shape as number[] }),
  Permute: (c, name) => tfl.layers.permute({ name, dims: c.dims as number[] }),
  RepeatVector: (c, name) => tfl.layers.repeatVector({ name, n: number(c, 'n') }),
  Activation: (c, name) => tfl.layers.activation({ name, activation: activation(c) }),
  Softmax: (_c, name) => tfl.layers.softmax({ name }),
  ReLU: (c, name) => {
    only(c, 'max_value', null);
    return tfl.layers.reLU({ name });
  },
  LeakyReLU: (c, name) => tfl.layers.leakyReLU({ name, alpha: (c.alpha ?? c.negative_slope) as number }),
  Concatenate: (c, name) => tfl.layers.concatenate({ name, axis: number(c, 'axis') }),
  Add: (_c, name) => tfl.layers.add({ name }),
  Average: (_c, name) => tfl.layers.average({ name }),
  Multiply: (_c, name) => tfl.layers.multiply({ name }),
};

/** Both directions of a Bidirectional as layers of their own; the second reads backwards. */
export function directions(
  c: Config,
  name: string,
): { layers: [tfl.layers.Layer, tfl.layers.Layer]; sequences: boolean; mode: string } {
  const inner = c.layer as KerasLayerConfig;
  const make =
    inner.class_name === 'LSTM' || inner.class_name === 'GRU' ? makers[inner.class_name] : undefined;
  if (!make) throw new UnsupportedSetting(`around ${inner.class_name}, expected LSTM or GRU`);
  only(c, 'merge_mode', 'concat', 'sum', 'ave', 'mul');
  const there = make(inner.config, `${name}_forward`);
  const back = make(
    { ...inner.config, go_backwards: inner.config.go_backwards !== true },
    `${name}_backward`,
  );
  return {
    layers: [there, back],
    sequences: inner.config.return_sequences === true,
    mode: c.merge_mode as string,
  };
}
