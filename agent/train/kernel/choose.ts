import type { LstmKernel } from './lstm-kernel.ts';
import { plainLstm } from './plain-lstm.ts';
import { wasmLstm } from './wasm-lstm.ts';
import { wasmMemory } from './wasm-memory.ts';

let chosen: LstmKernel | undefined;

/** The fastest LSTM that this Node can run; `UNDERFOOT_KERNEL=plain` asks for the plain one. */
export function lstmKernel(): LstmKernel {
  chosen ??= process.env.UNDERFOOT_KERNEL !== 'plain' && hasWasm() ? wasmLstm : plainLstm;
  return chosen;
}

/** For tests: use this kernel from now on, or choose anew. */
export function useKernel(kernel: LstmKernel | undefined): void {
  chosen = kernel;
}

export function hasWasm(): boolean {
  try {
    wasmMemory();
    return true;
  } catch {
    return false;
  }
}
