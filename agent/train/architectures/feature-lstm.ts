import {
  ChunkStatistics,
  LogSteps,
  type Standardise,
  Standardise as StandardiseLayer,
  WindowStatistics,
} from '../../model/layers/feature-layers.ts';
import { lstm } from '../lstm-layer.ts';
import { randomAt, seeded } from '../seeded.ts';
import { predictRaw } from '../step.ts';
import { tfl } from '../tensorflow.ts';

/**
 * What a member reads step by step: statistics of every 8 steps, or every step through a convolution.
 */
export type MemberKind = 'chunk' | 'conv';

export interface FeatureLstmOptions {
  readonly steps: number;
  readonly channels: number;
  readonly labels: number;
  readonly members: readonly MemberKind[];
  readonly seed: number;
  /** LSTM units each way. */
  readonly units: number;
  /** Width of the bottleneck that the window's statistics go through. */
  readonly bottleneck: number;
  readonly filters: number;
  readonly dropStatistics: number;
  readonly dropSteps: number;
  readonly dropHead: number;
}

export const featureLstmDefaults = {
  units: 32,
  bottleneck: 24,
  filters: 32,
  dropStatistics: 0.2,
  dropSteps: 0.1,
  dropHead: 0.4,
} as const;

/** Several networks that share their input, to be trained one by one and used together. */
export interface FeatureLstm {
  /** Probabilities of each member by itself. */
  readonly members: readonly tfl.LayersModel[];
  /** Probabilities from the mean of the members' logits; has their very layers. */
  readonly whole: tfl.LayersModel;
  readonly scales: readonly Scale[];
}

interface Scale {
  readonly layer: Standardise;
  /** From the input to what the layer scales. */
  readonly before: tfl.LayersModel;
  /** Added to the standard deviation, so that a feature that hardly moves is not blown up. */
  readonly floor: number;
}

type Tensor = tfl.SymbolicTensor;

/**
 * Bidirectional LSTMs over fixed features. The statistics of the whole window, squeezed through a narrow tanh layer, are
 * given to the LSTM at every step beside what that step looks like; mean and maximum over time go to the output.
 */
export function featureLstm(options: FeatureLstmOptions): FeatureLstm {
  return seeded(randomAt(options.seed), () => {
    const x = tfl.input({ shape: [options.steps, options.channels], name: 'x' });
    const scales: Scale[] = [];
    const statistics = new WindowStatistics({}).apply(x) as Tensor;
    const logits = options.members.map((kind) => member(options, x, statistics, kind, scales));
    const model = (last: Tensor): tfl.LayersModel =>
      tfl.model({ inputs: x, outputs: tfl.layers.softmax().apply(last) as Tensor });
    const mean = logits.length === 1 ? logits[0] : (tfl.layers.average().apply(logits) as Tensor);
    return { members: logits.map(model), whole: model(mean), scales };
  });
}

function member(
  o: FeatureLstmOptions,
  x: Tensor,
  statistics: Tensor,
  kind: MemberKind,
  scales: Scale[],
): Tensor {
  const scaled = (from: Tensor, floor: number): Tensor => {
    const layer = new StandardiseLayer({});
    scales.push({ layer, floor, before: tfl.model({ inputs: x, outputs: from }) });
    return layer.apply(from) as Tensor;
  };
  const drop = (rate: number, z: Tensor): Tensor => tfl.layers.dropout({ rate }).apply(z) as Tensor;
  const raw = kind === 'chunk' ? new ChunkStatistics({}).apply(x) : new LogSteps({}).apply(x);
  let steps = drop(o.dropSteps, scaled(raw as Tensor, 1e-3));
  if (kind === 'conv') {
    const convolution = { filters: o.filters, kernelSize: 5, padding: 'same', activation: 'relu' } as const;
    steps = tfl.layers.conv1d(convolution).apply(steps) as Tensor;
    steps = tfl.layers.maxPooling1d({ poolSize: 4 }).apply(steps) as Tensor;
  }
  const narrow = tfl.layers.dense({ units: o.bottleneck, activation: 'tanh' });
  const window = narrow.apply(drop(o.dropStatistics, scaled(statistics, 0.02))) as Tensor;
  const repeated = tfl.layers.repeatVector({ n: steps.shape[1] as number }).apply(window) as Tensor;
  const both = tfl.layers.concatenate().apply([steps, repeated]) as Tensor;
  const recurrent = lstm({ units: o.units, returnSequences: true }) as tfl.RNN;
  const h = tfl.layers.bidirectional({ layer: recurrent, mergeMode: 'concat' }).apply(both) as Tensor;
  const pooled = tfl.layers
    .concatenate()
    .apply([
      tfl.layers.globalAveragePooling1d({}).apply(h) as Tensor,
      tfl.layers.globalMaxPooling1d({}).apply(h) as Tensor,
    ]) as Tensor;
  return tfl.layers.dense({ units: o.labels }).apply(drop(o.dropHead, pooled)) as Tensor;
}

/** Sets every scale from these windows [count, steps, channels]. */
export function fitScales(model: FeatureLstm, x: Float32Array): void {
  for (const { layer, before, floor } of model.scales) {
    const features = predictRaw(before, x);
    const size = before.outputs[0].shape.at(-1) as number;
    const [mean, std] = [new Float32Array(size), new Float32Array(size)];
    const count = features.length / size;
    for (let k = 0; k < size; k++) {
      let sum = 0;
      for (let i = k; i < features.length; i += size) sum += features[i];
      let square = 0;
      for (let i = k; i < features.length; i += size) square += (features[i] - sum / count) ** 2;
      mean[k] = sum / count;
      std[k] = Math.sqrt(square / count) + floor;
    }
    layer.setScale(mean, std);
  }
}
