import { tf } from '../tensorflow.ts';
import { withWorkspace } from './matrix.ts';
import { type Call, float32, floatsOf, override } from './override.ts';

/** Below this many multiplications the way into the kernel's memory costs more than the loops. */
const SMALL = 4096;

override('BatchMatMul', (call) => {
  const product = matMul(call);
  return product && float32(call, product.shape, product.values);
});

/** What a Dense layer calls: product, bias, activation. */
override('_FusedMatMul', (call) => {
  const { activation } = call.attrs;
  if (activation != null && activation !== 'linear' && activation !== 'relu') return undefined;
  const bias = call.inputs.bias && floatsOf(call, 'bias');
  if (call.inputs.bias && !bias) return undefined;
  const product = matMul(call);
  if (!product) return undefined;
  const { values, shape } = product;
  const columns = shape.at(-1) as number;
  if (bias) {
    if (bias.length !== columns) return undefined;
    for (let at = 0; at < values.length; at += columns)
      for (let n = 0; n < columns; n++) values[at + n] += bias[n];
  }
  if (activation === 'relu') for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = 0;
  return float32(call, shape, values);
});

/** One right-hand side, shared by all of the batch, which then is one tall matrix; undefined for anything else. */
function matMul(call: Call): { values: Float32Array; shape: number[] } | undefined {
  const [a, b] = [floatsOf(call, 'a'), floatsOf(call, 'b')];
  if (!a || !b) return undefined;
  const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
  const [aShape, bShape] = [call.inputs.a.shape, call.inputs.b.shape];
  const outer = tf.util.sizeFromShape(aShape.slice(0, -2));
  if (tf.util.sizeFromShape(bShape.slice(0, -2)) !== 1 || (transposeA && outer !== 1)) return undefined;
  const depth = bShape.at(transposeB ? -1 : -2) as number;
  const columns = bShape.at(transposeB ? -2 : -1) as number;
  const rows = a.length / depth;
  if (rows * depth * columns < SMALL) return undefined;
  const lead = aShape.length >= bShape.length ? aShape.slice(0, -2) : bShape.slice(0, -2);
  const shape = [...lead, rows / outer, columns];
  return withWorkspace((w) => {
    const bStrides = transposeB ? { row: 1, column: depth } : { row: columns, column: 1 };
    const aStrides = transposeA ? { row: 1, column: rows } : { row: depth, column: 1 };
    const panels = w.panels(w.put(b), depth, columns, bStrides);
    const left = w.put(a);
    const c = w.take(rows * columns);
    w.multiply({ rows, columns, depth }, left, aStrides, panels, c, columns);
    return { values: w.view(c, rows * columns).slice(), shape };
  });
}
