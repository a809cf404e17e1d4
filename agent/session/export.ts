import { parquetWriteBuffer } from 'hyparquet-writer';
import { DataError } from '../errors.ts';
import { Calibrator } from '../signal/calibration.ts';
import type { Dataset } from './dataset.ts';
import { npz } from './npz.ts';
import type { Recording } from './recording.ts';
import { compress } from './zstd.ts';

/** Values of a recording in its channels' units, (rows, channels): calibrated where the recording says how. */
function calibratedValues(recording: Recording): Float64Array {
  const { calibration, channels, values, rows, file } = recording;
  if (calibration === undefined) return values;
  const calibrator = new Calibrator(
    channels.map((name) => {
      const found = calibration.channels.find((c) => c.name === name);
      // A channel that nobody calibrated is passed on as it is.
      return found ?? { name, unit: '', offset: 0, gain: 1, validRange: [-Infinity, Infinity] };
    }),
  );
  const width = channels.length;
  const result = new Float64Array(values.length);
  const out = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    if (!calibrator.apply(values.subarray(row * width, (row + 1) * width), out)) {
      throw new DataError({
        file,
        key: `sample ${row}`,
        found: 'a value that is no number',
        expected: 'numbers',
      });
    }
    result.set(out, row * width);
  }
  return result;
}

/** Seconds since the first row, strictly ascending: what a CSV file needs. */
function secondsOf({ timeUs }: Recording): Float64Array {
  const seconds = timeUs.map((t) => (t - timeUs[0]) / 1e6);
  for (let i = 1; i < seconds.length; i++) {
    if (seconds[i] <= seconds[i - 1]) seconds[i] = seconds[i - 1] + 1e-6;
  }
  return seconds;
}

/** Rows `time,<channels>,label` as CSV, in pieces; `sessions import` and training read it back. */
export function* csvOf(recording: Recording, { raw = false } = {}): Generator<string> {
  const { channels, spans } = recording;
  const width = channels.length;
  const values = raw ? recording.values : calibratedValues(recording);
  const seconds = secondsOf(recording);
  yield `${['time', ...channels, 'label'].join(',')}\n`;
  for (const { label = '', from, to } of spans) {
    for (let start = from; start < to; start += 1000) {
      let piece = '';
      for (let row = start; row < Math.min(to, start + 1000); row++) {
        piece += `${seconds[row]},${values.subarray(row * width, (row + 1) * width).join(',')},${label}\n`;
      }
      yield piece;
    }
  }
}

/** What a row of Parquet says besides its recording. */
export interface ParquetAbout {
  readonly robotId: string;
  /** Time of day of the recording's first row, microseconds since 1970. */
  readonly startUs: bigint;
}

/**
 * One row a sample: robot, session, time (UTC, microseconds), time_s, interval_s (to the next sample that continues this
 * one; its sum is the time driven), label, and one column a channel. Zstandard.
 */
export function parquetOf(recording: Recording, about: ParquetAbout, { raw = false } = {}): Uint8Array {
  const { rows, channels, timeUs } = recording;
  const values = raw ? recording.values : calibratedValues(recording);
  const labels: (string | null)[] = new Array(rows).fill(null);
  for (const { label, from, to } of recording.spans) labels.fill(label ?? null, from, to);
  const time = Array.from(timeUs, (t) => about.startUs + BigInt(Math.round(t - timeUs[0])));
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
  const double = { type: 'DOUBLE', repetition_type: 'REQUIRED' } as const;
  const columns = [
    {
      name: 'robot',
      data: new Array<string>(rows).fill(about.robotId),
      element: { ...text, repetition_type: 'REQUIRED' },
    },
    {
      name: 'session',
      data: new Array<string>(rows).fill(recording.id),
      element: { ...text, repetition_type: 'REQUIRED' },
    },
    {
      name: 'time',
      data: time,
      element: {
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
        repetition_type: 'REQUIRED',
      },
    },
    { name: 'time_s', data: timeUs.map((t) => (t - timeUs[0]) / 1e6), element: double },
    { name: 'interval_s', data: intervals(recording), element: double },
    { name: 'label', data: labels, element: { ...text, repetition_type: 'OPTIONAL' } },
    ...channels.map((name, c) => ({
      name,
      data: Float64Array.from({ length: rows }, (_, row) => values[row * channels.length + c]),
      element: double,
    })),
  ] as const;
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, data }) => ({ name, data: data as Float64Array })),
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, element }) => ({ name, ...element })),
    ],
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => compress(bytes, 3) },
    rowGroupSize: 100_000,
  });
  return new Uint8Array(buffer);
}

function intervals({ rows, timeUs, spans, breaks = [], maxGapS, nominalRateHz }: Recording): Float64Array {
  const seconds = new Float64Array(rows);
  const longestS = maxGapS ?? (nominalRateHz === undefined ? Number.POSITIVE_INFINITY : 5 / nominalRateHz);
  const ends = new Set([...spans.map((s) => s.to), ...breaks]);
  for (let row = 0; row + 1 < rows; row++) {
    const s = (timeUs[row + 1] - timeUs[row]) / 1e6;
    if (!ends.has(row + 1) && s <= longestS) seconds[row] = s;
  }
  return seconds;
}

/**
 * Windows as `.npz` for Keras or PyTorch: `x` (n, steps, channels) float32, `y` (n, labels) float32 one-hot, `label` (n)
 * int32, `labels`, `recording` (n) and `drive` (n) text, the latter for splitting by group, `start_us` (n), `channels`, `rate_hz`.
 */
export function npzOf(dataset: Dataset, about: { channels: readonly string[]; rateHz: number }): Uint8Array {
  const { x, n, steps, channels, y, labels, recordingIds, driveIds, startUs } = dataset;
  const oneHot = new Float32Array(n * labels.length);
  for (let i = 0; i < n; i++) oneHot[i * labels.length + y[i]] = 1;
  return npz({
    x: { shape: [n, steps, channels], data: x },
    y: { shape: [n, labels.length], data: oneHot },
    label: { shape: [n], data: y },
    labels: { texts: labels },
    recording: { texts: recordingIds },
    drive: { texts: driveIds },
    start_us: { shape: [n], data: startUs },
    channels: { texts: about.channels },
    rate_hz: { shape: [1], data: Float64Array.of(about.rateHz) },
  });
}
