const maxLines = 5;
const bytesALine = 16;

/** The newest of what was heard, for the eye: lines of text, else bytes in hexadecimal. */
export function preview(bytes: Uint8Array): string[] {
  const tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - 600)));
  const text = tail.toString('latin1');
  if (/^[\t\r\n\x20-\x7e]*$/.test(text)) {
    const lines = text.split(/[\r\n]+/).filter(Boolean);
    // The first and the last may be cut.
    return lines
      .slice(1, -1)
      .slice(-maxLines)
      .map((line) => line.slice(0, 100));
  }
  const rows: string[] = [];
  const from = Math.max(0, tail.length - maxLines * bytesALine);
  for (let i = from; i < tail.length; i += bytesALine) {
    rows.push(
      tail
        .subarray(i, i + bytesALine)
        .toString('hex')
        .replaceAll(/(..)/g, '$1 ')
        .trim(),
    );
  }
  return rows;
}
