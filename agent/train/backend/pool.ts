import { tf } from '../tensorflow.ts';
import { type Call, float32, floatsOf, override } from './override.ts';

/** Pooling over time, which the layers write as two dimensions of which one has length 1. */
interface Pool {
  readonly batch: number;
  readonly steps: number;
  readonly channels: number;
  readonly size: number;
  readonly stride: number;
  readonly before: number;
  readonly outputs: number;
  readonly outShape: number[];
}

function poolOf(call: Call, shape: readonly number[]): Pool | undefined {
  const { filterSize, strides, pad, dimRoundingMode } = call.attrs as {
    filterSize: [number, number];
    strides: [number, number];
    pad: 'same' | 'valid' | number;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  const four = shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(four, filterSize, strides, 1, pad, dimRoundingMode);
  const common = { batch: info.batchSize, channels: info.inChannels, outShape: info.outShape };
  if (info.inWidth === 1 && info.filterWidth === 1) {
    const { inHeight, filterHeight, strideHeight, padInfo, outHeight } = info;
    const own = { steps: inHeight, size: filterHeight, stride: strideHeight };
    return { ...common, ...own, before: padInfo.top, outputs: outHeight };
  }
  if (info.inHeight === 1 && info.filterHeight === 1) {
    const { inWidth, filterWidth, strideWidth, padInfo, outWidth } = info;
    const own = { steps: inWidth, size: filterWidth, stride: strideWidth };
    return { ...common, ...own, before: padInfo.left, outputs: outWidth };
  }
  return undefined;
}

/** Calls `visit` for every output with its place and the places of its first and past its last input. */
function each(p: Pool, visit: (to: number, from: number, end: number, count: number) => void): void {
  for (let b = 0; b < p.batch; b++) {
    for (let t = 0; t < p.outputs; t++) {
      const first = t * p.stride - p.before;
      const [low, high] = [Math.max(first, 0), Math.min(first + p.size, p.steps)];
      const to = (b * p.outputs + t) * p.channels;
      for (let c = 0; c < p.channels; c++) {
        const start = b * p.steps;
        visit(to + c, (start + low) * p.channels + c, (start + high) * p.channels + c, high - low);
      }
    }
  }
}

override('MaxPool', (call) => {
  const x = floatsOf(call, 'x');
  const p = x && poolOf(call, call.inputs.x.shape);
  if (!p) return undefined;
  const out = new Float32Array(tf.util.sizeFromShape(p.outShape));
  each(p, (to, from, end) => {
    let best = x[from];
    for (let i = from + p.channels; i < end; i += p.channels) if (x[i] > best) best = x[i];
    out[to] = best;
  });
  return float32(call, p.outShape, out);
});

override('AvgPool', (call) => {
  const x = floatsOf(call, 'x');
  const p = x && poolOf(call, call.inputs.x.shape);
  if (!p) return undefined;
  const out = new Float32Array(tf.util.sizeFromShape(p.outShape));
  each(p, (to, from, end, count) => {
    let sum = 0;
    for (let i = from; i < end; i += p.channels) sum += x[i];
    out[to] = sum / count;
  });
  return float32(call, p.outShape, out);
});

/** The gradient goes to the first of the largest. */
override('MaxPoolGrad', (call) => {
  const [x, dy] = [floatsOf(call, 'input'), floatsOf(call, 'dy')];
  const p = x && dy && poolOf(call, call.inputs.input.shape);
  if (!p) return undefined;
  const dx = new Float32Array(x.length);
  each(p, (to, from, end) => {
    let best = from;
    for (let i = from + p.channels; i < end; i += p.channels) if (x[i] > x[best]) best = i;
    dx[best] += dy[to];
  });
  return float32(call, call.inputs.input.shape, dx);
});

override('AvgPoolGrad', (call) => {
  const dy = floatsOf(call, 'dy');
  const shape = call.inputs.input.shape;
  const p = dy && poolOf(call, shape);
  if (!p) return undefined;
  const dx = new Float32Array(tf.util.sizeFromShape(shape));
  each(p, (to, from, end, count) => {
    for (let i = from; i < end; i += p.channels) dx[i] += dy[to] / count;
  });
  return float32(call, shape, dx);
});
