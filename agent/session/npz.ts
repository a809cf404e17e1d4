import { zipSync } from 'fflate';

/** An array for NumPy: row-major numbers, or a list of texts. */
export type NpyArray =
  | { readonly shape: readonly number[]; readonly data: Float32Array | Float64Array | Int32Array }
  | { readonly texts: readonly string[] };

/** `.npy`, format version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function npy(array: NpyArray): Uint8Array {
  if ('texts' in array) {
    const width = Math.max(1, ...array.texts.map((text) => [...text].length));
    const data = new Uint32Array(array.texts.length * width);
    array.texts.forEach((text, i) => {
      [...text].forEach((character, k) => {
        data[i * width + k] = character.codePointAt(0) as number;
      });
    });
    return file(`<U${width}`, [array.texts.length], data);
  }
  const { shape, data } = array;
  const size = shape.reduce((product, n) => product * n, 1);
  if (size !== data.length)
    throw new RangeError(`found ${data.length} numbers for shape ${shape.join(' x ')}`);
  const type = data instanceof Float32Array ? '<f4' : data instanceof Float64Array ? '<f8' : '<i4';
  return file(type, shape, data);
}

/** `.npz`: a zip of `.npy` files, as `numpy.savez_compressed` makes it. */
export function npz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]): [string, Uint8Array] => [
    `${name}.npy`,
    npy(array),
  ]);
  return zipSync(Object.fromEntries(files), { level: 6, mtime: new Date('1980-01-02T00:00:00Z') });
}

function file(type: string, shape: readonly number[], data: ArrayBufferView): Uint8Array {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  // Magic, version and length are 10 bytes; data must begin at a multiple of 64, after a line end.
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11, ' ');
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(padded.length + 1, 8);
  return Buffer.concat([
    head,
    Buffer.from(`${padded}\n`),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}
