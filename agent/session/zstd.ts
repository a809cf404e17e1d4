import * as zstd from '@foxglove/wasm-zstd';

// It is WebAssembly, and everything here that uses it is synchronous: whoever imports this may use it at once.
await zstd.isLoaded;

export const compress = (bytes: Uint8Array, level: number): Uint8Array => zstd.compress(bytes, level);
export const decompress = (bytes: Uint8Array, size: number): Uint8Array => zstd.decompress(bytes, size);
