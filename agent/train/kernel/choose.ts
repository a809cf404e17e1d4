import type { LstmKernel } from './lstm-kernel.ts';
import { plainLstm } from './plain-lstm.ts';
import { wasmLstmIn } from './wasm-lstm.ts';
import { wasmMemory } from './wasm-memory.ts';

let chosen: LstmKernel | undefined;

/**
 * The fastest LSTM that this Node can run. `UNDERFOOT_KERNEL=plain` asks for the plain one (and for no WebAssembly in
 * the layers around it), `UNDERFOOT_KERNEL=simd` for the one without fused multiply-add.
 */
export function lstmKernel(): LstmKernel {
  chosen ??= hasWasm() ? wasmLstmIn(wasmMemory()) : plainLstm;
  return chosen;
}

/** For tests: use this kernel from now on, or choose anew. */
export function useKernel(kernel: LstmKernel | undefined): void {
  chosen = kernel;
}

let wasm: boolean | undefined;

/** Whether WebAssembly SIMD is here and wanted; asked once, since it is needed in every step. */
export function hasWasm(): boolean {
  wasm ??= process.env.UNDERFOOT_KERNEL !== 'plain' && startsUp();
  return wasm;
}

function startsUp(): boolean {
  try {
    wasmMemory();
    return true;
  } catch {
    return false;
  }
}
