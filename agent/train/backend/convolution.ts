import { tf } from '../tensorflow.ts';
import { type Workspace, withWorkspace } from './matrix.ts';
import { type Call, float32, floatsOf, override } from './override.ts';

/**
 * Convolution over time as products: the windows of a padded sequence [steps, channels] are the overlapping rows of a
 * matrix whose row is `size * channels` long and starts `stride * channels` after the one before. The sequences of a batch
 * lie one after the other, each padded to `places * stride` steps; the rows that reach from one into the next are
 * computed and thrown away, and get no gradient.
 */
class Convolution {
  readonly batch: number;
  readonly steps: number;
  readonly channels: number;
  readonly size: number;
  readonly filters: number;
  readonly stride: number;
  readonly before: number;
  readonly outputs: number;
  /** Rows of one sequence, thrown away ones included. */
  readonly places: number;

  constructor(info: tf.backend_util.Conv2DInfo) {
    this.batch = info.batchSize;
    this.steps = info.inWidth;
    this.channels = info.inChannels;
    this.size = info.filterWidth;
    this.filters = info.outChannels;
    this.stride = info.strideWidth;
    this.before = info.padInfo.left;
    this.outputs = info.outWidth;
    const padded = this.before + this.steps + info.padInfo.right;
    this.places = Math.max(Math.ceil(padded / this.stride), this.outputs);
  }

  get rows(): number {
    return this.batch * this.places;
  }
  get depth(): number {
    return this.size * this.channels;
  }
  get windows(): { row: number; column: number } {
    return { row: this.stride * this.channels, column: 1 };
  }
  get paddedLength(): number {
    return (this.rows * this.stride + this.size) * this.channels;
  }

  /** Where in the padded sequences the first true value of a sequence lies. */
  #start(b: number): number {
    return (b * this.places * this.stride + this.before) * this.channels;
  }

  putPadded(w: Workspace, x: Float32Array): number {
    const pointer = w.take(this.paddedLength);
    const padded = w.view(pointer, this.paddedLength).fill(0);
    const length = this.steps * this.channels;
    for (let b = 0; b < this.batch; b++) padded.set(x.subarray(b * length, (b + 1) * length), this.#start(b));
    return pointer;
  }

  getPadded(padded: Float32Array): Float32Array {
    const length = this.steps * this.channels;
    const x = new Float32Array(this.batch * length);
    for (let b = 0; b < this.batch; b++)
      x.set(padded.subarray(this.#start(b), this.#start(b) + length), b * length);
    return x;
  }

  /** Outputs with their places; those that are thrown away are 0. */
  putOutputs(w: Workspace, y: Float32Array): number {
    const count = this.rows * this.filters;
    const pointer = w.take(count);
    const spread = w.view(pointer, count).fill(0);
    const length = this.outputs * this.filters;
    for (let b = 0; b < this.batch; b++)
      spread.set(y.subarray(b * length, (b + 1) * length), b * this.places * this.filters);
    return pointer;
  }

  getOutputs(spread: Float32Array): Float32Array {
    const length = this.outputs * this.filters;
    const y = new Float32Array(this.batch * length);
    for (let b = 0; b < this.batch; b++) {
      const from = b * this.places * this.filters;
      y.set(spread.subarray(from, from + length), b * length);
    }
    return y;
  }
}

/** Undefined unless this is a convolution over time: height 1, channels last, no dilation. */
function convolutionOf(call: Call, xShape: number[], filterShape: number[]): Convolution | undefined {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = call.attrs as {
    strides: [number, number];
    pad: 'same' | 'valid' | number;
    dataFormat: 'NHWC' | 'NCHW';
    dilations?: [number, number];
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  const info = tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
  const flat = info.inHeight === 1 && info.filterHeight === 1 && info.padInfo.top === 0;
  const plain = info.dataFormat === 'channelsLast' && info.dilationWidth === 1;
  return flat && plain ? new Convolution(info) : undefined;
}

override('Conv2D', (call) => {
  const [x, filter] = [floatsOf(call, 'x'), floatsOf(call, 'filter')];
  const c = x && filter && convolutionOf(call, call.inputs.x.shape, call.inputs.filter.shape);
  if (!c) return undefined;
  return withWorkspace((w) => {
    const panels = w.panels(w.put(filter), c.depth, c.filters, { row: c.filters, column: 1 });
    const padded = c.putPadded(w, x);
    const y = w.take(c.rows * c.filters);
    const size = { rows: c.rows, columns: c.filters, depth: c.depth };
    w.multiply(size, padded, c.windows, panels, y, c.filters);
    const shape = [c.batch, 1, c.outputs, c.filters];
    return float32(call, shape, c.getOutputs(w.view(y, c.rows * c.filters)));
  });
});

override('Conv2DBackpropFilter', (call) => {
  const [x, dy] = [floatsOf(call, 'x'), floatsOf(call, 'dy')];
  const filterShape = call.attrs.filterShape as number[];
  const c = x && dy && convolutionOf(call, call.inputs.x.shape, filterShape);
  if (!c) return undefined;
  return withWorkspace((w) => {
    const panels = w.panels(c.putOutputs(w, dy), c.rows, c.filters, { row: c.filters, column: 1 });
    const padded = c.putPadded(w, x);
    const d = w.take(c.depth * c.filters);
    const size = { rows: c.depth, columns: c.filters, depth: c.rows };
    w.multiply(size, padded, { row: 1, column: c.windows.row }, panels, d, c.filters);
    return float32(call, filterShape, w.view(d, c.depth * c.filters).slice());
  });
});

override('Conv2DBackpropInput', (call) => {
  const [dy, filter] = [floatsOf(call, 'dy'), floatsOf(call, 'filter')];
  const inputShape = call.attrs.inputShape as number[];
  const c = dy && filter && convolutionOf(call, inputShape, call.inputs.filter.shape);
  if (!c) return undefined;
  return withWorkspace((w) => {
    const weights = w.put(filter);
    const outputs = c.putOutputs(w, dy);
    const d = w.take(c.paddedLength);
    w.view(d, c.paddedLength).fill(0);
    const size = { rows: c.rows, columns: c.channels, depth: c.filters };
    for (let tap = 0; tap < c.size; tap++) {
      const own = weights + tap * c.channels * c.filters * 4;
      const panels = w.panels(own, c.filters, c.channels, { row: 1, column: c.filters });
      const to = d + tap * c.channels * 4;
      w.multiply(size, outputs, { row: c.filters, column: 1 }, panels, to, c.windows.row, true);
    }
    return float32(call, inputShape, c.getPadded(w.view(d, c.paddedLength)));
  });
});
