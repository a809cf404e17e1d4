import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

/** The part of the WebAssembly API that is used here; the compiler's library has it only with the browser's types. */
declare namespace WebAssembly {
  function validate(bytes: Uint8Array): boolean;
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
  lstmForward(pass: number): void;
  lstmBackward(pass: number): void;
  rmsprop(...args: number[]): void;
  adam(...args: number[]): void;
  tanhAll(values: number, count: number): void;
  packPanels(...args: number[]): void;
  multiply(...args: number[]): void;
}

/** Which build runs. Both are right to 1e-4, but their results differ in the last bits. */
export type KernelKind = 'WebAssembly SIMD, fused multiply-add' | 'WebAssembly SIMD';

const PAGE = 65536;
/** Fields of the struct `pass`. */
const MAX_FIELDS = 64;
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
  readonly kind: KernelKind;
  readonly #fields: number;
  readonly #memory = new WebAssembly.Memory({ initial: 64, maximum: MAX_PAGES });
  readonly #free = new Map<number, number[]>();
  #top = FIRST;
  #floats: Float32Array;

  constructor(kind: KernelKind) {
    this.kind = kind;
    const module = new WebAssembly.Module(bytesOf(kind));
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.exports = instance.exports as unknown as KernelExports;
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#fields = this.take(MAX_FIELDS);
  }

  /** Calls a function that takes a struct of 32-bit numbers: counts and pointers. */
  call(name: 'lstmForward' | 'lstmBackward', fields: readonly number[]): void {
    new Uint32Array(this.#memory.buffer, this.#fields, MAX_FIELDS).set(fields);
    this.exports[name](this.#fields);
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

const bytesOf = (kind: KernelKind): Uint8Array =>
  readFileSync(new URL(kind === 'WebAssembly SIMD' ? 'kernel.wasm' : 'kernel-relaxed.wasm', import.meta.url));

/** Whether this Node has relaxed SIMD: from 22 on; Node 20 has the same instructions, and their final encoding, behind a flag of V8. */
function hasRelaxed(): boolean {
  const bytes = bytesOf('WebAssembly SIMD, fused multiply-add');
  if (WebAssembly.validate(bytes)) return true;
  if (!process.version.startsWith('v20.')) return false;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(bytes);
}

let shared: WasmMemory | undefined;

/** The one instance of this process, made at first use; `UNDERFOOT_KERNEL=simd` asks for the one without fused multiply-add. */
export function wasmMemory(): WasmMemory {
  shared ??= new WasmMemory(
    process.env.UNDERFOOT_KERNEL !== 'simd' && hasRelaxed()
      ? 'WebAssembly SIMD, fused multiply-add'
      : 'WebAssembly SIMD',
  );
  return shared;
}
