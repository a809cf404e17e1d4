import type { LstmGradients, LstmKernel, LstmRun, LstmShape, LstmWeights } from './lstm-kernel.ts';
import { type WasmMemory, wasmMemory } from './wasm-memory.ts';

const up = (n: number, to: number): number => Math.ceil(n / to) * to;

/** The padded sizes that kernel.c works in; its header draws the layout. */
class Layout {
  readonly batch: number;
  readonly units: number;
  /** Row of one step: [h | x | 1 | 0..]. */
  readonly depth: number;
  readonly width: number;
  readonly weights: number;
  readonly rows: number;
  readonly gates: number;
  readonly cells: number;
  readonly tanhs: number;

  constructor(shape: LstmShape) {
    this.batch = up(shape.batch, 4);
    this.units = up(shape.units, 8);
    this.depth = this.units + shape.inputs + 1;
    this.width = up(this.depth, 8);
    this.weights = 4 * this.units * this.width;
    this.rows = (shape.steps + 1) * this.batch * this.width;
    this.gates = shape.steps * this.batch * 4 * this.units;
    this.cells = (shape.steps + 1) * this.batch * this.units;
    this.tanhs = shape.steps * this.batch * this.units;
  }
}

/** Calls `visit(row, column, k, offset)` for every true weight: its row among the depth, its column, its place in the panels. */
function eachPanelRow(
  shape: LstmShape,
  l: Layout,
  visit: (
    source: 'recurrent' | 'kernel' | 'bias',
    row: number,
    gate: number,
    offset: number,
    n: number,
  ) => void,
): void {
  for (let k = 0; k < l.depth; k++) {
    if (k >= shape.units && k < l.units) continue;
    const source = k < shape.units ? 'recurrent' : k < l.depth - 1 ? 'kernel' : 'bias';
    const row = source === 'recurrent' ? k : source === 'kernel' ? k - l.units : 0;
    for (let gate = 0; gate < 4; gate++) {
      for (let n = 0; n < shape.units; n += 8) {
        visit(source, row, gate, (((gate * l.units + n) / 8) * l.width + k) * 8, n);
      }
    }
  }
}

function packWeights(shape: LstmShape, l: Layout, w: LstmWeights, to: Float32Array): void {
  to.fill(0);
  eachPanelRow(shape, l, (source, row, gate, offset, n) => {
    const from = w[source];
    const start = (row * 4 + gate) * shape.units;
    for (let j = n; j < shape.units && j < n + 8; j++) to[offset + j - n] = from[start + j];
  });
}

function unpackWeights(shape: LstmShape, l: Layout, from: Float32Array): LstmWeights {
  const w = {
    recurrent: new Float32Array(shape.units * 4 * shape.units),
    kernel: new Float32Array(shape.inputs * 4 * shape.units),
    bias: new Float32Array(4 * shape.units),
  };
  eachPanelRow(shape, l, (source, row, gate, offset, n) => {
    const to = w[source];
    const start = (row * 4 + gate) * shape.units;
    for (let j = n; j < shape.units && j < n + 8; j++) to[start + j] = from[offset + j - n];
  });
  return w;
}

/** The panels [columns / 8][4 units][8] of the transposed weights, from the panels [4 units / 8][width][8]. */
function transpose(l: Layout, columns: number, from: Float32Array, to: Float32Array): void {
  const gates = 4 * l.units;
  for (let g = 0; g < gates; g++) {
    const source = (g >> 3) * l.width * 8 + (g & 7);
    for (let k = 0; k < columns; k++) to[((k >> 3) * gates + g) * 8 + (k & 7)] = from[source + k * 8];
  }
}

/** Runs that nobody finished (a prediction under a gradient tape) give their memory back when they are collected. */
const abandoned = new FinalizationRegistry<() => void>((release) => release());

class WasmRun implements LstmRun {
  readonly output: Float32Array;
  readonly #memory: WasmMemory;
  readonly #shape: LstmShape;
  readonly #l: Layout;
  readonly #block: number;
  readonly #size: number;
  readonly #giveBack: () => void;

  constructor(memory: WasmMemory, shape: LstmShape, input: Float32Array, weights: LstmWeights) {
    this.#memory = memory;
    this.#shape = shape;
    const l = new Layout(shape);
    this.#l = l;
    this.#size = l.weights + l.rows + l.gates + l.cells + l.tanhs;
    this.#block = memory.take(this.#size);
    const block = this.#block;
    const size = this.#size;
    let held = true;
    this.#giveBack = () => {
      if (held) memory.give(block, size);
      held = false;
    };
    abandoned.register(this, this.#giveBack, this);
    const at = this.#places();
    packWeights(shape, l, weights, this.#view(at.weights, l.weights));
    this.#fillRows(input, this.#view(at.rows, l.rows));
    memory.exports.lstmForward(
      shape.steps,
      l.batch,
      l.units,
      l.depth,
      l.width,
      at.weights,
      at.rows,
      at.gates,
      at.cells,
      at.tanhs,
    );
    this.output = this.#readOutput(this.#view(at.rows, l.rows));
  }

  backward(dOutput: Float32Array, wantInput: boolean): LstmGradients {
    const { steps, batch, units, inputs, every } = this.#shape;
    const l = this.#l;
    const memory = this.#memory;
    const columns = wantInput ? up(l.units + inputs, 8) : l.units;
    const sizes = [
      4 * l.units * columns,
      (every ? steps : 1) * l.batch * l.units,
      l.weights,
      steps * l.batch * columns,
      l.batch * l.units,
    ];
    const [transposed, outputs, dWeights, dRows, dCell] = sizes.map((size) => memory.take(size));
    const at = this.#places();
    transpose(l, columns, this.#view(at.weights, l.weights), this.#view(transposed, sizes[0]));
    const dy = this.#view(outputs, sizes[1]).fill(0);
    const slots = every ? steps : 1;
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < slots; t++) {
        const from = (b * slots + t) * units;
        const to = (t * l.batch + b) * l.units;
        for (let n = 0; n < units; n++) dy[to + n] = dOutput[from + n];
      }
    }
    this.#view(dWeights, sizes[2]).fill(0);
    memory.exports.lstmBackward(
      steps,
      l.batch,
      l.units,
      l.width,
      columns,
      every ? 1 : 0,
      transposed,
      at.rows,
      at.gates,
      at.cells,
      at.tanhs,
      outputs,
      dWeights,
      dRows,
      dCell,
    );
    const gradients = unpackWeights(this.#shape, l, this.#view(dWeights, sizes[2]));
    const input = wantInput ? this.#readInput(columns, this.#view(dRows, sizes[3])) : undefined;
    [transposed, outputs, dWeights, dRows, dCell].forEach((p, i) => {
      memory.give(p, sizes[i]);
    });
    this.release();
    return { ...gradients, input };
  }

  release(): void {
    abandoned.unregister(this);
    this.#giveBack();
  }

  #places() {
    const l = this.#l;
    const weights = this.#block;
    const rows = weights + 4 * l.weights;
    const gates = rows + 4 * l.rows;
    const cells = gates + 4 * l.gates;
    return { weights, rows, gates, cells, tanhs: cells + 4 * l.cells };
  }

  #view(pointer: number, count: number): Float32Array {
    return this.#memory.floats.subarray(pointer / 4, pointer / 4 + count);
  }

  #fillRows(input: Float32Array, rows: Float32Array): void {
    const { steps, batch, inputs, reverse } = this.#shape;
    const l = this.#l;
    rows.fill(0);
    for (let t = 0; t < steps; t++) {
      const source = reverse ? steps - 1 - t : t;
      for (let b = 0; b < batch; b++) {
        const to = (t * l.batch + b) * l.width + l.units;
        const from = (b * steps + source) * inputs;
        for (let i = 0; i < inputs; i++) rows[to + i] = input[from + i];
        rows[to + inputs] = 1;
      }
    }
  }

  #readOutput(rows: Float32Array): Float32Array {
    const { steps, batch, units, every } = this.#shape;
    const l = this.#l;
    const slots = every ? steps : 1;
    const output = new Float32Array(batch * slots * units);
    for (let s = 0; s < slots; s++) {
      const t = every ? s + 1 : steps;
      for (let b = 0; b < batch; b++) {
        const from = (t * l.batch + b) * l.width;
        const to = (b * slots + s) * units;
        for (let n = 0; n < units; n++) output[to + n] = rows[from + n];
      }
    }
    return output;
  }

  #readInput(columns: number, dRows: Float32Array): Float32Array {
    const { steps, batch, inputs, reverse } = this.#shape;
    const l = this.#l;
    const input = new Float32Array(batch * steps * inputs);
    for (let t = 0; t < steps; t++) {
      const target = reverse ? steps - 1 - t : t;
      for (let b = 0; b < batch; b++) {
        const from = (t * l.batch + b) * columns + l.units;
        const to = (b * steps + target) * inputs;
        for (let i = 0; i < inputs; i++) input[to + i] = dRows[from + i];
      }
    }
    return input;
  }
}

/** kernel.c in WebAssembly SIMD. */
export const wasmLstm: LstmKernel = {
  name: 'WebAssembly SIMD',
  forward: (shape, input, weights) => new WasmRun(wasmMemory(), shape, input, weights),
};
