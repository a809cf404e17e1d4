import { readFileSync } from 'node:fs';
import { DataError, UserError, unreadable } from '../errors.ts';
import { LABEL } from './csv.ts';
import type { LabelChange } from './label-timeline.ts';

/** One instant on the agent's clock and of the day: what the seconds of a marker file count from. */
export interface MarkerOrigin {
  readonly startUs: number;
  readonly startTime: string;
}

/**
 * A marker file: CSV `time,label`, time in seconds since the beginning of the session or as ISO 8601, going forward; an
 * empty label ends one. Throws UserError (66) where it cannot be read and DataError with file and line.
 */
export function readMarkers(file: string, origin: MarkerOrigin, growing = false): LabelChange[] {
  try {
    return parseMarkers(file, readFileSync(file, 'utf8'), origin, growing);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw unreadable(file, error);
  }
}

/** As `readMarkers`, of a text; where it is `growing`, a last line without an end is passed over. */
export function parseMarkers(
  file: string,
  text: string,
  origin: MarkerOrigin,
  growing = false,
): LabelChange[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  if (growing) lines.pop();
  const changes: LabelChange[] = [];
  for (const [i, line] of lines.entries()) {
    const refuse = (found: string, expected: string) =>
      new DataError({ file, key: `line ${i + 1}`, found, expected });
    const [time, label = '', ...more] = line.split(',').map((field) => field.trim());
    if ((i === 0 && time === 'time') || line.trim() === '') continue;
    if (more.length > 0) throw refuse(`${2 + more.length} columns`, 'time,label');
    if (label !== '' && (!LABEL.test(label) || label.length > 64))
      throw refuse(`label ${JSON.stringify(label.slice(0, 70))}`, 'letters, digits, _ and -, up to 64');
    const atUs = timeOf(time, origin);
    if (atUs === undefined) throw refuse(`time ${JSON.stringify(time)}`, 'seconds or an ISO 8601 time');
    const last = changes.at(-1);
    if (last !== undefined && atUs === last.atUs) {
      throw refuse(`${label || 'no label'} at the time of ${last.label ?? 'no label'}`, 'one label a time');
    }
    if (last !== undefined && atUs < last.atUs)
      throw refuse(`time ${time} before the one above`, 'ascending times');
    changes.push({ label: label === '' ? null : label, atUs });
  }
  return changes;
}

function timeOf(text: string, { startUs, startTime }: MarkerOrigin): number | undefined {
  const isDate = /^\d{4}-\d\d-\d\dT/.test(text);
  const seconds = /^\d+(\.\d*)?$/.test(text)
    ? Number(text)
    : isDate
      ? (Date.parse(text) - Date.parse(startTime)) / 1000
      : Number.NaN;
  return Number.isFinite(seconds) ? startUs + Math.round(seconds * 1e6) : undefined;
}

/** A marker file that may grow while a session is recorded. */
export class MarkerFile {
  readonly #file: string;
  #applied = 0;
  #problem = '';

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Changes that were not given before and whose time is not after `untilUs`, in order. Throws as `readMarkers`; the
   * same problem only once. `growing`: not for the last time.
   */
  due(origin: MarkerOrigin, untilUs: number, growing = true): LabelChange[] {
    try {
      const due = readMarkers(this.#file, origin, growing).filter(({ atUs }) => atUs <= untilUs);
      const fresh = due.slice(this.#applied);
      this.#applied = due.length;
      this.#problem = '';
      return fresh;
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#problem) return [];
      this.#problem = message;
      throw error;
    }
  }
}
