import { readFileSync } from 'node:fs';

/** The part of the WebAssembly API that is used here; the compiler's library has it only with the browser's types. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: object;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
}

/** Functions of kernel.c; pointers are byte offsets into the memory, counts are floats. */
export interface KernelExports {
  lstmForward(...args: number[]): void;
  lstmBackward(...args: number[]): void;
  tanhAll(values: number, count: number): void;
  packPanels(...args: number[]): void;
  multiply(...args: number[]): void;
}

const PAGE = 65536;
/** The module's own data and stack lie below. */
const FIRST = 2 * PAGE;
/** WebAssembly's 4 GiB, less one page. */
const MAX_PAGES = 65535;

/**
 * The kernel's module with its memory. Blocks are kept by size and used again, so that training, which asks for the
 * same sizes every step, reaches its peak in the first step and grows no further.
 */
export class WasmMemory {
  readonly exports: KernelExports;
  readonly #memory = new WebAssembly.Memory({ initial: 64, maximum: MAX_PAGES });
  readonly #free = new Map<number, number[]>();
  #top = FIRST;
  #floats: Float32Array;

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.exports = instance.exports as unknown as KernelExports;
    this.#floats = new Float32Array(this.#memory.buffer);
  }

  /** The whole memory; stale after the next `take`, so ask again. Index with `pointer / 4`. */
  get floats(): Float32Array {
    return this.#floats;
  }

  /** Bytes in use or kept for use. */
  get bytes(): number {
    return this.#top;
  }

  /** A block of `count` floats, not cleared, at a multiple of 64 bytes. */
  take(count: number): number {
    const bytes = (count * 4 + 63) & ~63;
    const kept = this.#free.get(bytes)?.pop();
    if (kept !== undefined) return kept;
    const pointer = this.#top;
    const missing = pointer + bytes - this.#memory.buffer.byteLength;
    if (missing > 0) {
      this.#memory.grow(Math.max(Math.ceil(missing / PAGE), 64));
      this.#floats = new Float32Array(this.#memory.buffer);
    }
    this.#top += bytes;
    return pointer;
  }

  give(pointer: number, count: number): void {
    const bytes = (count * 4 + 63) & ~63;
    const list = this.#free.get(bytes);
    if (list) list.push(pointer);
    else this.#free.set(bytes, [pointer]);
  }
}

let shared: WasmMemory | undefined;

/** The one instance of this process, made at first use. */
export function wasmMemory(): WasmMemory {
  shared ??= new WasmMemory(new WebAssembly.Module(readFileSync(new URL('kernel.wasm', import.meta.url))));
  return shared;
}
