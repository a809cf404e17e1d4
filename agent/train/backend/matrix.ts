import { type KernelExports, type WasmMemory, wasmMemory } from '../kernel/wasm-memory.ts';

/** How a matrix lies in an array: element (i, k) at `start + i * row + k * column`. Rows may overlap. */
export interface Strides {
  readonly row: number;
  readonly column: number;
}

/** Matrices in the kernel's memory for the length of one piece of work; all are given back at its end. */
export class Workspace {
  readonly #memory: WasmMemory = wasmMemory();
  readonly #taken: [number, number][] = [];

  get exports(): KernelExports {
    return this.#memory.exports;
  }

  /** A pointer to `count` floats, not cleared. */
  take(count: number): number {
    const pointer = this.#memory.take(count);
    this.#taken.push([pointer, count]);
    return pointer;
  }

  /** A copy of an array. */
  put(values: Float32Array): number {
    const pointer = this.take(values.length);
    this.#memory.floats.set(values, pointer / 4);
    return pointer;
  }

  /** Floats at a pointer; stale after the next `take`. */
  view(pointer: number, count: number): Float32Array {
    return this.#memory.floats.subarray(pointer / 4, pointer / 4 + count);
  }

  /** Cuts b (rows x columns) into the panels that `multiply` reads. */
  panels(b: number, rows: number, columns: number, s: Strides): number {
    const pointer = this.take(rows * Math.ceil(columns / 8) * 8);
    this.#memory.exports.packPanels(rows, columns, b, s.row, s.column, pointer);
    return pointer;
  }

  /** c (rows x columns, `stride` floats a row) = a (rows x depth) times panels, or c += it. */
  multiply(
    size: { rows: number; columns: number; depth: number },
    a: number,
    s: Strides,
    panels: number,
    c: number,
    stride: number,
    add = false,
  ): void {
    const strip = this.take(4 * size.depth);
    const { rows, columns, depth } = size;
    this.#memory.exports.multiply(
      rows,
      columns,
      depth,
      a,
      s.row,
      s.column,
      panels,
      c,
      stride,
      add ? 1 : 0,
      strip,
    );
  }

  free(): void {
    for (const [pointer, count] of this.#taken) this.#memory.give(pointer, count);
  }
}

/** Runs `work` with a workspace and frees it. */
export function withWorkspace<T>(work: (w: Workspace) => T): T {
  const workspace = new Workspace();
  try {
    return work(workspace);
  } finally {
    workspace.free();
  }
}
