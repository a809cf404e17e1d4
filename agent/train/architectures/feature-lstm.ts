import { Bins } from '../../model/layers/bins.ts';
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
  /** An additive part beside the members: ranges for each statistic, and the weight of its L2 penalty; absent: none. */
  readonly additive?: { readonly bins: number; readonly l2: number };
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
  /** Probabilities of the additive part by itself. */
  readonly additive?: tfl.LayersModel;
  /**
   * Probabilities from the mean of the members' logits, with an additive part from the mean of that and its logits; has
   * their very layers.
   */
  readonly whole: tfl.LayersModel;
  readonly scales: readonly Scale[];
  readonly ranges: readonly Ranges[];
}

interface Ranges {
  readonly layer: Bins;
  readonly before: tfl.LayersModel;
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
 * given to the LSTM at every step beside what that step looks like; mean and maximum over time go to the output. The
 * additive part sums one curve for each statistic and label, bent at quantiles of the training windows: a wide part beside
 * the deep one (Cheng et al. 2016).
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
    const members = logits.map(model);
    if (!options.additive) return { members, whole: model(mean), scales, ranges: [] };
    const layer = new Bins({ count: options.additive.bins });
    const ranges = [{ layer, before: tfl.model({ inputs: x, outputs: statistics }) }];
    const curves = tfl.layers.dense({
      units: options.labels,
      kernelInitializer: 'zeros',
      kernelRegularizer: tfl.regularizers.l2({ l2: options.additive.l2 }),
    });
    const sum = curves.apply(layer.apply(statistics)) as Tensor;
    const both = tfl.layers.average().apply([mean, sum]) as Tensor;
    return { members, additive: model(sum), whole: model(both), scales, ranges };
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

/** Sets every scale and every range from these windows [count, steps, channels]. */
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
  for (const { layer, before } of model.ranges) fitRanges(layer, predictRaw(before, x));
}

/** Outermost quantiles that ranges begin and end at: rarer values say nothing more. */
const TAIL = 0.01;
/** Standard deviations that a range is at least wide, so that it does not turn rounding into a step. */
const NARROWEST = 0.1;

/** Ranges from quantile to quantile of each feature; `features` is [count, features]. */
function fitRanges(layer: Bins, features: Float32Array): void {
  const size = layer.low.shape[0] as number;
  const [low, width] = [new Float32Array(size * layer.count), new Float32Array(size * layer.count)];
  for (let k = 0; k < size; k++) {
    const own = features.filter((_, i) => i % size === k).sort();
    const mean = own.reduce((a, b) => a + b, 0) / own.length;
    const std = Math.sqrt(own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length);
    const knot = (b: number): number =>
      own[Math.round((TAIL + (b / layer.count) * (1 - 2 * TAIL)) * (own.length - 1))];
    for (let b = 0; b < layer.count; b++) {
      low[k * layer.count + b] = knot(b);
      width[k * layer.count + b] = Math.max(knot(b + 1) - knot(b), NARROWEST * std, 1e-3);
    }
  }
  layer.setRanges(low, width);
}
