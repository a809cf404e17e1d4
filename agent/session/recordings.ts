import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DataError, UserError, unreadable } from '../errors.ts';
import { type CsvOptions, LABEL, readHeader, rowsOf } from './csv.ts';
import type { Recording } from './recording.ts';
import { RecordingBuilder } from './recording-builder.ts';
import { loadSession } from './session-recording.ts';

/** A file that holds recordings: CSV, or a session. */
export interface RecordingFile {
  /** The folder's name; undefined where the label is in a column or not known. */
  readonly label: string | undefined;
  /** `LABEL/name` or `name`, without `.csv`, or the session's id: unique within the folder that was listed. */
  readonly id: string;
  readonly file: string;
  /** All files of a session, in order; undefined for CSV. */
  readonly parts?: readonly string[];
}

/**
 * The CSV files of a folder `<LABEL>/<recording>.csv`, the CSV files and sessions (`.mcap`) of a flat folder, or a
 * single file, sorted by id. Hidden files
 * and other endings are passed over. Throws UserError (66) where nothing can be read and DataError where a folder's
 * name cannot be a label or two differ by case alone.
 */
export function listRecordings(path: string): RecordingFile[] {
  if (!isFolder(path)) return [single(path)];
  const found: RecordingFile[] = [];
  for (const name of entries(path)) {
    const inner = join(path, name);
    if (isFolder(inner)) {
      const files = entries(inner).filter(isCsv);
      if (files.length > 0) checkLabel(path, name);
      for (const file of files)
        found.push({ label: name, id: `${name}/${idOf(file)}`, file: join(inner, file) });
    } else if (isCsv(name)) {
      found.push({ label: undefined, id: idOf(name), file: inner });
    }
  }
  found.push(...sessionsAmong(path));
  if (found.length === 0)
    throw new UserError(
      `${path}: found no .csv or .mcap file, expected <LABEL>/<recording>.csv or sessions`,
      66,
    );
  checkDistinct(path, found);
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * The recordings of one file: a session is one; a CSV file is one, or several where it has a `recording` column. Labels are the folder's, or the
 * `label` column's where there is one. Throws DataError as `rowsOf` does, and for a file without rows.
 */
export function readRecordings(entry: RecordingFile, options: CsvOptions = {}): Recording[] {
  if (entry.parts !== undefined) return [loadSession(entry.parts).recording];
  const { channels } = readHeader(entry.file, options);
  const builders = new Map<string, RecordingBuilder>();
  let builder: RecordingBuilder | undefined;
  let current: string | undefined;
  for (const row of rowsOf(entry.file, options)) {
    if (builder === undefined || row.recording !== current) {
      current = row.recording;
      const id = current === undefined ? entry.id : `${entry.id}/${current}`;
      if (builders.has(id)) {
        throw new DataError({
          file: entry.file,
          key: `line ${row.line}`,
          found: `recording ${current} a second time`,
          expected: 'the rows of a recording together',
        });
      }
      builder = new RecordingBuilder(id, entry.file, channels);
      builders.set(id, builder);
    }
    builder.add(row.timeS * 1e6, row.values, row.label ?? entry.label);
  }
  if (builders.size === 0)
    throw new DataError({ file: entry.file, found: 'no rows', expected: 'at least one row' });
  return [...builders.values()].map((b) => b.finish());
}

/** All recordings of a folder or file, one at a time. */
export function* recordingsIn(path: string, options: CsvOptions = {}): Generator<Recording> {
  for (const entry of listRecordings(path)) yield* readRecordings(entry, options);
}

function checkLabel(path: string, name: string): void {
  if (LABEL.test(name)) return;
  throw new DataError({
    file: path,
    key: name,
    found: `folder ${JSON.stringify(name)}`,
    expected: 'a label: letters, digits, _ and -',
  });
}

/** `Ice` and `ICE` side by side are one surface misspelt, and would be one folder on some file systems. */
function checkDistinct(path: string, found: readonly RecordingFile[]): void {
  const spelling = new Map<string, string>();
  for (const label of new Set(found.flatMap((f) => f.label ?? []))) {
    const other = spelling.get(label.toLowerCase());
    if (other !== undefined) {
      throw new DataError({
        file: path,
        key: label,
        found: `labels ${other} and ${label}`,
        expected: 'one spelling of a label',
      });
    }
    spelling.set(label.toLowerCase(), label);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function entries(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('.'));
}

function single(file: string): RecordingFile {
  if (file.endsWith('.mcap')) return { label: undefined, id: sessionIdOf(file), file, parts: [file] };
  return { label: undefined, id: idOf(file), file };
}

/** `ID-0001.mcap`, `ID-0002.mcap` are one session. Files that are still `.partial` are no recordings yet. */
function sessionsAmong(folder: string): RecordingFile[] {
  const files = entries(folder)
    .filter((name) => name.endsWith('.mcap'))
    .sort();
  return [...new Set(files.map(sessionIdOf))].map((id) => {
    const parts = files.filter((name) => sessionIdOf(name) === id).map((name) => join(folder, name));
    return { label: undefined, id, file: parts[0], parts };
  });
}

function sessionIdOf(file: string): string {
  return basename(file).replace(/(-\d{4,})?\.mcap$/, '');
}

function isCsv(name: string): boolean {
  return name.toLowerCase().endsWith('.csv');
}

function idOf(file: string): string {
  return basename(file).replace(/\.csv$/i, '');
}
