import { DataError } from '../errors.ts';
import { linesOf } from './lines.ts';

/** How to read a CSV recording. */
export interface CsvOptions {
  /** Columns to read, in this order; default: every column but `time`, `label` and `recording`. */
  readonly channels?: readonly string[];
}

/** One row of a recording. The object and its `values` are reused for every row: copy what you keep. */
export interface CsvRow {
  readonly line: number;
  /** The `time` column, in seconds as written. */
  timeS: number;
  /** One number a channel, in the unit of the file. */
  readonly values: Float64Array;
  /** The `label` column; undefined where the file has none or the cell is empty. */
  label: string | undefined;
  /** The `recording` column; undefined where the file has none. */
  recording: string | undefined;
}

const META_COLUMNS = ['time', 'label', 'recording'];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** What labels and ids may look like: they become folder names and MQTT topic levels. */
export const LABEL = /^[A-Za-z0-9_-]+$/;

/**
 * Where the columns of a CSV file are. Header: `time` (s) and one column a channel, in any order, optionally
 * `label` and `recording`.
 */
export interface CsvHeader {
  readonly columns: readonly string[];
  readonly channels: readonly string[];
  readonly time: number;
  readonly label: number;
  readonly recording: number;
  readonly channelColumns: readonly number[];
}

/** The header of a CSV recording. Throws DataError where the file is empty or a column is missing or twice there. */
export function readHeader(file: string, options: CsvOptions = {}): CsvHeader {
  for (const { text } of linesOf(file)) return parseHeader(file, text, options);
  throw new DataError({ file, found: 'an empty file', expected: 'a header line such as time,curL,curR' });
}

/**
 * Streams the rows of a CSV recording; memory does not depend on the file's length. Throws DataError with file and
 * line for a damaged line, a wrong column count, a number that is none (also NaN and Infinity), and a clock that
 * does not go forward within one recording. Empty lines at the end are allowed.
 */
export function* rowsOf(file: string, options: CsvOptions = {}): Generator<CsvRow> {
  let header: CsvHeader | undefined;
  let row: CsvRow | undefined;
  let blankLine = 0;
  for (const { number, text } of linesOf(file)) {
    if (header === undefined || row === undefined) {
      header = parseHeader(file, text, options);
      const values = new Float64Array(header.channels.length);
      row = { line: 0, timeS: Number.NaN, values, label: undefined, recording: undefined };
      continue;
    }
    if (text.trim() === '') {
      blankLine ||= number;
      continue;
    }
    if (blankLine > 0) throw damaged(file, blankLine, 'an empty line between rows', 'a row');
    parseRow(file, number, text, header, row);
    yield row;
  }
  if (header === undefined) readHeader(file, options);
}

function parseHeader(file: string, text: string, options: CsvOptions): CsvHeader {
  const columns = splitFields(text);
  const duplicate = columns.find((name, i) => columns.indexOf(name) !== i);
  if (duplicate !== undefined) {
    throw damaged(file, 1, `column ${quote(duplicate)} twice`, 'every column once');
  }
  const column = (name: string): number => {
    const index = columns.indexOf(name);
    if (index < 0) throw damaged(file, 1, `columns ${columns.join(',')}`, `a column ${quote(name)}`);
    return index;
  };
  const channels = options.channels ?? columns.filter((name) => !META_COLUMNS.includes(name));
  if (channels.length === 0) throw damaged(file, 1, `columns ${columns.join(',')}`, 'at least one channel');
  return {
    columns,
    channels,
    time: column('time'),
    label: columns.indexOf('label'),
    recording: columns.indexOf('recording'),
    channelColumns: channels.map(column),
  };
}

function parseRow(file: string, line: number, text: string, header: CsvHeader, row: CsvRow): void {
  const fields = splitFields(text);
  if (fields.length !== header.columns.length) {
    throw damaged(
      file,
      line,
      `${fields.length} columns`,
      `${header.columns.length} columns as in the header`,
    );
  }
  const recording =
    header.recording < 0 ? undefined : identifier(file, line, 'recording', fields[header.recording]);
  const previousS = recording === row.recording ? row.timeS : Number.NaN;
  const timeS = parseNumber(file, line, 'time', fields[header.time]);
  if (timeS <= previousS) {
    throw damaged(file, line, `time ${fields[header.time]} after ${previousS}`, 'a time that goes forward');
  }
  (row as { line: number }).line = line;
  row.timeS = timeS;
  row.recording = recording;
  const label = header.label < 0 ? '' : fields[header.label];
  row.label = label === '' ? undefined : identifier(file, line, 'label', label);
  for (let c = 0; c < row.values.length; c++) {
    row.values[c] = parseNumber(file, line, header.channels[c], fields[header.channelColumns[c]]);
  }
}

function parseNumber(file: string, line: number, column: string, text: string): number {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw damaged(file, line, `${column} ${quote(text)}`, 'a finite number');
  return value;
}

function identifier(file: string, line: number, column: string, text: string): string {
  if (!LABEL.test(text)) throw damaged(file, line, `${column} ${quote(text)}`, 'letters, digits, _ and -');
  return text;
}

/** Fields may be quoted as a whole; a comma inside quotes has no use here and counts as a column. */
function splitFields(text: string): string[] {
  return text.split(',').map((field) => {
    const trimmed = field.trim();
    return trimmed.length >= 2 && trimmed.startsWith('"') && trimmed.endsWith('"')
      ? trimmed.slice(1, -1)
      : trimmed;
  });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

function damaged(file: string, line: number, found: string, expected: string): DataError {
  return new DataError({ file, key: `line ${line}`, found, expected });
}
