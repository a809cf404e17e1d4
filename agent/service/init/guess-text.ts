import { type Field, type Guess, widen } from './guessed.ts';

/** One line as numbers by key; undefined when it is not of the form. */
type Row = Map<number | string, number>;
type ReadLine = (line: string) => Row | undefined;

interface Form {
  protocol: Guess['protocol'];
  read: ReadLine;
}

/** The line-based protocols: JSON lines, Arduino plotter, delimited text. */
export function guessText(bytes: Uint8Array, seconds: number): Guess | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  const lineEnd = text.includes('\n') ? '\n' : '\r';
  // The first and the last line may be cut.
  const lines = text
    .split(lineEnd)
    .slice(1, -1)
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length < 4) return undefined;
  let best: Guess | undefined;
  for (const form of formsFor(lines, lineEnd)) {
    const rows = lines.map(form.read).filter((row) => row !== undefined);
    const share = rows.length / lines.length;
    if (share < 0.5 || (best && share <= best.share)) continue;
    best = describe(form, rows, share, lines.length / seconds);
  }
  return best;
}

/** In the order of how much they ask of a line, so that an equal share goes to the stricter one. */
function formsFor(lines: string[], lineEnd: string): Form[] {
  const forms: Form[] = [
    { protocol: { name: 'json' }, read: readJson },
    { protocol: { name: 'plotter' }, read: readPlotter },
  ];
  const header = lines.find(
    (line) => /[A-Za-z_]{2,}/.test(line) && !line.includes(':') && !line.includes('{'),
  );
  for (const [delimiter, decimal] of [
    [';', ','],
    [',', '.'],
    [';', '.'],
    [' ', '.'],
    [' ', ','],
  ]) {
    const fields = commonCount(lines.map((line) => split(line, delimiter).length));
    const names = header && split(header, delimiter).length === fields ? split(header, delimiter) : undefined;
    forms.push({
      protocol: {
        name: 'text',
        delimiter,
        ...(decimal === '.' ? {} : { decimal }),
        ...(names ? { header: names } : {}),
        ...(lineEnd === '\r' ? { lineEnd: 'cr' } : {}),
      },
      read: (line) => readDelimited(line, delimiter, decimal, fields, names),
    });
  }
  return forms;
}

function describe(form: Form, rows: Row[], share: number, linesPerS: number): Guess {
  const keys = [...rows[0].keys()];
  const series = new Map(keys.map((key) => [key, rows.map((row) => row.get(key) ?? Number.NaN)]));
  const place = form.protocol.name === 'json' ? 'path' : 'column';
  const protocol = { ...form.protocol };
  let timeKey: number | string | undefined;
  let framesPerS = linesPerS;
  for (const [key, values] of series) {
    const unit = timeUnit(values, linesPerS);
    if (!unit) continue;
    timeKey = key;
    // The device's own clock knows its rate better than bytes that wait in buffers.
    framesPerS = ((values.length - 1) * ticksPerS[unit]) / (values[values.length - 1] - values[0]);
    protocol.time = { [place]: key, unit, ...(isWhole(values) ? { wrapBits: 32 } : {}) };
    break;
  }
  const sequenceKey = keys.find((key) => key !== timeKey && isCounter(series.get(key)!));
  if (sequenceKey !== undefined && form.protocol.name !== 'plotter')
    protocol.sequence = { [place]: sequenceKey };
  const fields = keys
    .filter((key) => key !== timeKey && key !== sequenceKey)
    .map((key) => {
      const field: Field = { key, min: Infinity, max: -Infinity };
      for (const value of series.get(key)!) widen(field, value);
      return field;
    });
  return { protocol, fields, framesPerS, share };
}

const ticksPerS = { s: 1, ms: 1e3, us: 1e6 } as const;

/** A clock never goes back and runs about as fast as the lines arrive; its unit follows from how fast. */
function timeUnit(values: number[], linesPerS: number): 's' | 'ms' | 'us' | undefined {
  const steps = values.slice(1).map((value, i) => value - values[i]);
  if (steps.filter((step) => step > 0).length < 0.95 * steps.length) return undefined;
  const sorted = [...steps].sort((a, b) => a - b);
  const ticks = sorted[sorted.length >> 1] * linesPerS;
  for (const unit of ['us', 'ms', 's'] as const) {
    if (ticks > 0.4 * ticksPerS[unit] && ticks < 2.5 * ticksPerS[unit]) return unit;
  }
  return undefined;
}

function isCounter(values: number[]): boolean {
  const steps = values.slice(1).map((value, i) => value - values[i]);
  return isWhole(values) && steps.filter((step) => step === 1).length > 0.9 * steps.length;
}

function isWhole(values: number[]): boolean {
  return values.every(Number.isInteger);
}

function readJson(line: string): Row | undefined {
  if (!line.startsWith('{') && !line.startsWith('[')) return undefined;
  try {
    const row: Row = new Map();
    collectNumbers(JSON.parse(line), '', row);
    return row.size > 0 ? row : undefined;
  } catch {
    return undefined;
  }
}

function collectNumbers(value: unknown, path: string, row: Row): void {
  if (typeof value === 'number') row.set(path, value);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) collectNumbers(item, path ? `${path}.${key}` : key, row);
  }
}

function readPlotter(line: string): Row | undefined {
  const row: Row = new Map();
  for (const part of line.split(/[,\t ]+/)) {
    const match = /^([^:]+):(-?[\d.]+(?:[eE][-+]?\d+)?)$/.exec(part);
    if (!match) return undefined;
    row.set(match[1], Number(match[2]));
  }
  return row.size > 0 ? row : undefined;
}

function readDelimited(
  line: string,
  delimiter: string,
  decimal: string,
  fields: number,
  names: string[] | undefined,
): Row | undefined {
  const parts = split(line, delimiter);
  if (parts.length !== fields) return undefined;
  const row: Row = new Map();
  for (const [i, part] of parts.entries()) {
    const text = decimal === ',' ? part.replace(',', '.') : part;
    if (!/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return undefined;
    row.set(names?.[i] ?? i, Number(text));
  }
  return row;
}

function split(line: string, delimiter: string): string[] {
  return delimiter === ' ' ? line.split(/[ \t]+/) : line.split(delimiter).map((part) => part.trim());
}

function commonCount(counts: number[]): number {
  const sorted = [...counts].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
