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

export function hasWasm(): boolean {
  if (process.env.UNDERFOOT_KERNEL === 'plain') return false;
  try {
    wasmMemory();
    return true;
  } catch {
    return false;
  }
}
