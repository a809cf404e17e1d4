import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { DataError, UserError } from '../../errors.ts';
import { maxBundleBytes } from './announcement.ts';

const maxFiles = 32;
const maxUnpackedBytes = 2 * maxBundleBytes;
/** Files of a model folder are flat, so a name cannot lead out of it. */
const fileName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** A zip of the files of a model folder; the same files give the same bytes. */
export function packBundle(folder: string): Buffer {
  const names = readdirSync(folder)
    .filter((name) => fileName.test(name))
    .sort();
  const files = Object.fromEntries(
    names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  );
  return Buffer.from(zipSync(files, { level: 9, mtime: '1980-01-01T00:00:00' }));
}

/** The files of a bundle. Refuses (DataError) whatever is no flat zip of a sane size. */
export function unpackBundle(bytes: Buffer, name: string): Map<string, Uint8Array> {
  const refuse = (found: string, expected: string) => new DataError({ file: name, found, expected });
  let count = 0;
  let total = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name: entry, originalSize }) => {
        if (!fileName.test(entry))
          throw refuse(JSON.stringify(entry.slice(0, 100)), 'a flat zip of plain names');
        if (++count > maxFiles) throw refuse(`more than ${maxFiles} files`, 'the files of one model');
        total += originalSize;
        if (total > maxUnpackedBytes)
          throw refuse(`more than ${maxUnpackedBytes} bytes`, 'the files of one model');
        return true;
      },
    });
  } catch (error) {
    throw error instanceof UserError ? error : refuse((error as Error).message, 'a zip');
  }
  if (!('card.json' in files)) throw refuse('no card.json', 'the files of a model folder');
  return new Map(Object.entries(files));
}

/** Gets a bundle from http, https or file, reading no more than `bytes`, and checks its size and SHA-256. */
export async function fetchBundle(
  { url, bytes, sha256 }: { url: string; bytes: number; sha256: string },
  signal: AbortSignal,
): Promise<Buffer> {
  const stream = url.startsWith('file:')
    ? createReadStream(new URL(url), { signal })
    : await download(url, signal);
  const content = await atMost(bytes, stream, url);
  const refuse = (key: string, found: string, expected: string) =>
    new DataError({ file: url, key, found, expected });
  if (content.length !== bytes) throw refuse('size', `${content.length} bytes`, `${bytes}, as announced`);
  const found = createHash('sha256').update(content).digest('hex');
  if (found !== sha256) throw refuse('SHA-256', found, `${sha256}, as announced`);
  return content;
}

async function download(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) {
    const problem = `${url}: the server says ${response.status}`;
    // A server that is busy is asked again; one that says no is not.
    throw response.status >= 500 || response.status === 429 ? new Error(problem) : new UserError(problem, 69);
  }
  return response.body;
}

/** All that comes, or a DataError as soon as it is too much. */
async function atMost(maxBytes: number, stream: AsyncIterable<Uint8Array>, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new DataError({
        file: url,
        key: 'size',
        found: `more than ${maxBytes} bytes`,
        expected: `${maxBytes}, as announced`,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
