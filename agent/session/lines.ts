import { closeSync, openSync, readSync } from 'node:fs';
import { DataError, unreadable } from '../errors.ts';

const CHUNK_BYTES = 64 * 1024;
/** A longer line is damage, not data; it also bounds the memory that a foreign file can take. */
const MAX_LINE_CHARS = 64 * 1024;

/** One line of a text file with its number, counted from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a UTF-8 text file, read in chunks so that the file may be larger than memory. `\n` and `\r\n` end
 * a line, a byte order mark is dropped. Throws UserError (66) where the file cannot be read and DataError where a
 * line has no end within 64 Ki characters.
 */
export function* linesOf(file: string): Generator<Line> {
  const handle = openForReading(file);
  try {
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(CHUNK_BYTES);
    let rest = '';
    let number = 0;
    for (;;) {
      const bytes = readSync(handle, chunk, 0, CHUNK_BYTES, null);
      const text = rest + decoder.decode(chunk.subarray(0, bytes), { stream: bytes > 0 });
      let from = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        yield { number: ++number, text: text.slice(from, text[end - 1] === '\r' ? end - 1 : end) };
        from = end + 1;
      }
      rest = text.slice(from);
      if (rest.length > MAX_LINE_CHARS) throw overlong(file, number + 1);
      if (bytes === 0) {
        if (rest !== '') yield { number: ++number, text: rest };
        return;
      }
    }
  } finally {
    closeSync(handle);
  }
}

function openForReading(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function overlong(file: string, line: number): DataError {
  return new DataError({
    file,
    key: `line ${line}`,
    found: `no line end within ${MAX_LINE_CHARS} characters`,
    expected: 'lines of text',
  });
}
