import { tf } from '../tensorflow.ts';
import { type Call, float32, floatsOf, override } from './override.ts';

/** Sum, mean, maximum and minimum over axes that lie together, as [outer, middle, inner] over the middle. */
type Reduce = (x: Float32Array, middle: number, inner: number, out: Float32Array) => void;

const sum: Reduce = (x, middle, inner, out) => {
  if (inner === 1) {
    for (let o = 0, at = 0; o < out.length; o++) {
      let total = 0;
      for (const end = at + middle; at < end; at++) total += x[at];
      out[o] = total;
    }
    return;
  }
  for (let o = 0, at = 0; o < out.length; o += inner)
    for (let m = 0; m < middle; m++, at += inner) for (let i = 0; i < inner; i++) out[o + i] += x[at + i];
};

function extreme(first: (a: number, b: number) => boolean): Reduce {
  return (x, middle, inner, out) => {
    for (let o = 0, at = 0; o < out.length; o += inner, at += middle * inner) {
      for (let i = 0; i < inner; i++) {
        let best = x[at + i];
        for (let k = at + i + inner, end = at + middle * inner; k < end; k += inner)
          if (first(x[k], best) || Number.isNaN(x[k])) best = x[k];
        out[o + i] = best;
      }
    }
  };
}

install('Sum', sum);
install('Mean', (x, middle, inner, out) => {
  sum(x, middle, inner, out);
  for (let i = 0; i < out.length; i++) out[i] /= middle;
});
install(
  'Max',
  extreme((a, b) => a > b),
  'reductionIndices',
);
install(
  'Min',
  extreme((a, b) => a < b),
);

function install(name: string, reduce: Reduce, axisName = 'axis'): void {
  override(name, (call: Call) => {
    const x = floatsOf(call, 'x');
    const shape = call.inputs.x.shape;
    if (!x || x.length === 0) return undefined;
    const axes = tf.util.parseAxisParam(call.attrs[axisName] as number[], shape).sort((a, b) => a - b);
    if (axes.length === 0 || axes.some((axis, i) => i > 0 && axis !== axes[i - 1] + 1)) return undefined;
    const size = (from: number, to?: number): number => tf.util.sizeFromShape(shape.slice(from, to));
    const [first, after] = [axes[0], axes[axes.length - 1] + 1];
    const out = new Float32Array(size(0, first) * size(after));
    reduce(x, size(first, after), size(after), out);
    const kept = shape.map((d, i) => (i >= first && i < after ? 1 : d));
    const cut = shape.filter((_, i) => i < first || i >= after);
    return float32(call, call.attrs.keepDims ? kept : cut, out);
  });
}
