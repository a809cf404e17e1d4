import type { CalibrationFile } from '../config/calibration-file.ts';

/** Rows `from` (included) to `to` (not included) have this label. */
export interface LabelSpan {
  readonly label: string | undefined;
  readonly from: number;
  readonly to: number;
}

/** One recording in memory: raw readings of one device on its own clock. */
export interface Recording {
  readonly id: string;
  /** The session that it was cut from, where it was: pieces of one drive must not be told apart by a split. */
  readonly drive?: string | undefined;
  readonly file: string;
  readonly channels: readonly string[];
  readonly rows: number;
  /** (rows) microseconds on the recording's own clock, ascending. */
  readonly timeUs: Float64Array;
  /** (rows) what the device sent as its time, in ticks of `timeBase`; NaN where it sends none. */
  readonly ticks: Float64Array;
  /** The device's clock; undefined where it sends no time and arrival counts. */
  readonly timeBase: { readonly tickUs: number; readonly bits?: number | undefined } | undefined;
  /** (rows) the device's sequence numbers, where it sends them. */
  readonly sequence?: Float64Array | undefined;
  readonly sequenceBits?: number | undefined;
  /** How it was recorded, where that is known: a rate, a gap and a calibration that the live agent used. */
  readonly nominalRateHz?: number | undefined;
  readonly maxGapS?: number | undefined;
  readonly calibration?: CalibrationFile | undefined;
  /** (rows) arrival on the agent's monotonic clock, microseconds, where it was recorded. */
  readonly arrivalUs?: Float64Array;
  /** Ascending rows that do not continue the row before: the port was opened again, samples were lost. */
  readonly breaks?: readonly number[];
  /** (rows, channels), row-major, in the unit of the file, before calibration. */
  readonly values: Float64Array;
  /** Ascending, without holes: every row is in exactly one span. */
  readonly spans: readonly LabelSpan[];
}
