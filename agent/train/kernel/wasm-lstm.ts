import type { LstmGradients, LstmKernel, LstmRun, LstmShape, LstmWeights } from './lstm-kernel.ts';
import type { WasmMemory } from './wasm-memory.ts';

const up = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Sequence steps of a chunk: its gradients (about this many rows) stay in the first two caches. */
const CHUNK_ROWS = 256;

/** Floats of each array of a pass, in the order of the struct `pass` in kernel.c, which says what they are. */
function sizesOf(s: LstmShape, chunk: number, wantInput: boolean) {
  const [batch, units, steps] = [up(s.batch, 4), up(s.units, 8), s.steps];
  const depth = units + s.inputs;
  const rows = up(depth + 1, 4);
  const columns = wantInput ? up(depth, 8) : units;
  const slots = s.every ? steps : 1;
  const weights = {
    kernel: s.inputs * 4 * s.units,
    recurrent: s.units * 4 * s.units,
    bias: 4 * s.units,
  };
  const input = s.batch * steps * s.inputs;
  const output = s.batch * slots * s.units;
  return {
    forward: {
      input,
      ...weights,
      output,
      weights: 4 * units * (depth + 1),
      past: rows * (steps + 1) * batch,
      gates: steps * 4 * units * batch,
      cells: (steps + 1) * batch * units,
      tanhs: steps * batch * units,
      now: batch * depth,
    },
    backward: {
      dOutput: output,
      transposed: 4 * units * columns,
      dRows: batch * columns,
      dCell: batch * units,
      dStrips: batch * 4 * units,
      dPanels: 4 * units * (chunk + 1) * batch,
      dWeights: rows * 4 * units,
      dInput: wantInput ? input : 0,
      dKernel: weights.kernel,
      dRecurrent: weights.recurrent,
      dBias: weights.bias,
    },
  };
}

/** Arrays in the kernel's memory, one after the other in one block, with their places by name. */
class Arrays<Name extends string> {
  readonly #memory: WasmMemory;
  readonly #sizes: Record<Name, number>;
  readonly #starts = {} as Record<Name, number>;
  readonly #block: number;
  readonly #total: number;

  constructor(memory: WasmMemory, sizes: Record<Name, number>) {
    this.#memory = memory;
    this.#sizes = sizes;
    let total = 0;
    for (const name of Object.keys(sizes) as Name[]) {
      this.#starts[name] = total;
      total += up(sizes[name], 16);
    }
    this.#total = total;
    this.#block = memory.take(total);
  }

  /** Byte offsets, in the order of the sizes. */
  get pointers(): number[] {
    return (Object.keys(this.#sizes) as Name[]).map((name) => this.#block + 4 * this.#starts[name]);
  }

  /** Stale after the memory's next `take`. */
  view(name: Name): Float32Array {
    const from = this.#block / 4 + this.#starts[name];
    return this.#memory.floats.subarray(from, from + this.#sizes[name]);
  }

  give(): void {
    this.#memory.give(this.#block, this.#total);
  }
}

/** Runs that nobody finished (a prediction under a gradient tape) give their memory back when they are collected. */
const abandoned = new FinalizationRegistry<() => void>((release) => release());

class WasmRun implements LstmRun {
  readonly output: Float32Array;
  readonly #memory: WasmMemory;
  readonly #shape: LstmShape;
  readonly #arrays: Arrays<keyof ReturnType<typeof sizesOf>['forward']>;
  readonly #chunk: number;
  readonly #giveBack: () => void;

  constructor(memory: WasmMemory, shape: LstmShape, input: Float32Array, weights: LstmWeights) {
    this.#memory = memory;
    this.#shape = shape;
    this.#chunk = Math.min(shape.steps, Math.ceil(CHUNK_ROWS / up(shape.batch, 4)));
    const arrays = new Arrays(memory, sizesOf(shape, this.#chunk, false).forward);
    this.#arrays = arrays;
    let held = true;
    this.#giveBack = () => {
      if (held) arrays.give();
      held = false;
    };
    abandoned.register(this, this.#giveBack, this);
    arrays.view('input').set(input);
    for (const name of ['kernel', 'recurrent', 'bias'] as const) arrays.view(name).set(weights[name]);
    this.#call('lstmForward', false, []);
    this.output = arrays.view('output').slice();
  }

  backward(dOutput: Float32Array, wantInput: boolean): LstmGradients {
    const sizes = sizesOf(this.#shape, this.#chunk, wantInput).backward;
    const arrays = new Arrays(this.#memory, sizes);
    arrays.view('dOutput').set(dOutput);
    this.#call('lstmBackward', wantInput, arrays.pointers);
    const gradients = {
      kernel: arrays.view('dKernel').slice(),
      recurrent: arrays.view('dRecurrent').slice(),
      bias: arrays.view('dBias').slice(),
      input: wantInput ? arrays.view('dInput').slice() : undefined,
    };
    arrays.give();
    this.release();
    return gradients;
  }

  release(): void {
    abandoned.unregister(this);
    this.#giveBack();
  }

  #call(name: 'lstmForward' | 'lstmBackward', wantInput: boolean, backward: number[]): void {
    const { batch, steps, inputs, units, reverse, every } = this.#shape;
    const fields = [
      batch,
      steps,
      inputs,
      units,
      Number(reverse),
      Number(every),
      Number(wantInput),
      this.#chunk,
    ];
    this.#memory.call(name, [...fields, ...this.#arrays.pointers, ...backward]);
  }
}

/** kernel.c in WebAssembly SIMD, by the build that this memory has. */
export const wasmLstmIn = (memory: WasmMemory): LstmKernel => ({
  name: memory.kind,
  forward: (shape, input, weights) => new WasmRun(memory, shape, input, weights),
});
