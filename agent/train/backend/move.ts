import { tf } from '../tensorflow.ts';
import { denseSteps, eachLine, merged } from './axes.ts';
import { float32, floatsOf, override } from './override.ts';

/** Copies: parts, transposes, repeats and joins of float32 tensors, line by line. */
function gather(x: Float32Array, start: number, sizes: number[], steps: number[]): Float32Array {
  const out = new Float32Array(tf.util.sizeFromShape(sizes));
  if (out.length === 0) return out;
  const walk = merged({ sizes, steps: [steps, denseSteps(sizes)] });
  const length = walk.sizes[walk.sizes.length - 1];
  const step = walk.steps[0][walk.sizes.length - 1];
  eachLine(walk, ([from, to]) => {
    for (let i = start + from, end = to + length; to < end; i += step, to++) out[to] = x[i];
  });
  return out;
}

override('Slice', (call) => {
  const x = floatsOf(call, 'x');
  if (!x) return undefined;
  const { begin, size } = call.attrs as { begin: number | number[]; size: number | number[] };
  const [starts, sizes] = tf.slice_util.parseSliceParams(
    { shape: call.inputs.x.shape } as tf.Tensor,
    begin,
    size,
  );
  const steps = denseSteps(call.inputs.x.shape);
  const start = starts.reduce((sum, at, i) => sum + at * steps[i], 0);
  return float32(call, sizes, gather(x, start, sizes, steps));
});

override('SplitV', (call) => {
  const x = floatsOf(call, 'x');
  if (!x) return undefined;
  const shape = call.inputs.x.shape;
  const axis = tf.util.parseAxisParam(call.attrs.axis as number, shape)[0];
  const steps = denseSteps(shape);
  let start = 0;
  const parts = tf.backend_util.prepareSplitSize(
    { shape } as tf.Tensor,
    call.attrs.numOrSizeSplits as number[],
    axis,
  );
  return parts.map((length) => {
    const sizes = shape.map((d, i) => (i === axis ? length : d));
    const part = gather(x, start * steps[axis], sizes, steps);
    start += length;
    return float32(call, sizes, part);
  });
});

override('Transpose', (call) => {
  const x = floatsOf(call, 'x');
  if (!x) return undefined;
  const perm = call.attrs.perm as number[];
  const steps = denseSteps(call.inputs.x.shape);
  const sizes = perm.map((axis) => call.inputs.x.shape[axis]);
  return float32(
    call,
    sizes,
    gather(
      x,
      0,
      sizes,
      perm.map((axis) => steps[axis]),
    ),
  );
});

override('Reverse', (call) => {
  const x = floatsOf(call, 'x');
  if (!x) return undefined;
  const shape = call.inputs.x.shape;
  const axes = tf.util.parseAxisParam(call.attrs.dims as number[], shape);
  const steps = denseSteps(shape);
  let start = 0;
  for (const axis of axes) {
    start += steps[axis] * (shape[axis] - 1);
    steps[axis] = -steps[axis];
  }
  return float32(call, shape, gather(x, start, shape, steps));
});

override('Tile', (call) => {
  const x = floatsOf(call, 'x');
  if (!x) return undefined;
  const shape = call.inputs.x.shape;
  const reps = call.attrs.reps as number[];
  const steps = denseSteps(shape);
  const sizes = shape.flatMap((d, i) => [reps[i], d]);
  const out = gather(
    x,
    0,
    sizes,
    steps.flatMap((step) => [0, step]),
  );
  return float32(
    call,
    shape.map((d, i) => d * reps[i]),
    out,
  );
});

override('Concat', (call) => {
  const parts = Object.keys(call.inputs).map((key) => ({
    values: floatsOf(call, key),
    shape: call.inputs[key].shape,
  }));
  if (parts.some((p) => !p.values)) return undefined;
  const axis = tf.util.parseAxisParam(call.attrs.axis as number, parts[0].shape)[0];
  const shape = [...parts[0].shape];
  shape[axis] = parts.reduce((sum, p) => sum + p.shape[axis], 0);
  const out = new Float32Array(tf.util.sizeFromShape(shape));
  const outer = tf.util.sizeFromShape(shape.slice(0, axis));
  const row = out.length / outer;
  let place = 0;
  for (const { values } of parts as { values: Float32Array }[]) {
    const length = values.length / outer;
    for (let o = 0; o < outer; o++)
      for (let i = 0, from = o * length, to = o * row + place; i < length; i++)
        out[to + i] = values[from + i];
    place += length;
  }
  return float32(call, shape, out);
});
