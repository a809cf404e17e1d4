import { createHash } from 'node:crypto';
import { DataError } from '../errors.ts';
import type { ChannelCalibration } from '../signal/channel-calibration.ts';
import { createReading, type Window } from '../signal/sample.ts';
import { SamplePath } from '../signal/sample-path.ts';
import type { Recording } from './recording.ts';

/** How windows are cut: the part of a model card that training must share with the live agent. */
export interface WindowSpec {
  /** In the order of the model's inputs; found in the recording by name. */
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  readonly rateHz: number;
  readonly steps: number;
  /** Steps from the start of one window to the start of the next. */
  readonly stride: number;
  /** By channel name; default: the recording's own, and without one it is in the channel's unit already. */
  readonly calibration?: readonly ChannelCalibration[] | undefined;
  readonly nominalRateHz?: number | undefined;
  readonly maxGapS?: number | undefined;
}

/** A window and what the recording says the surface was during all of it. */
export interface LabelledWindow extends Window {
  readonly label: string | undefined;
}

/** Windows of many recordings, ready for training; row-major. */
export interface Dataset {
  /** (n, steps, channels), in the channels' units, not normalised. */
  readonly x: Float32Array;
  readonly n: number;
  readonly steps: number;
  readonly channels: number;
  /** (n) index into `labels`. */
  readonly y: Int32Array;
  readonly labels: readonly string[];
  /** (n) which recording a window is from. */
  readonly recordingIds: readonly string[];
  /** (n) the same, but one for all pieces that were cut from one session: split by these, never by window. */
  readonly driveIds: readonly string[];
  /** (n) first step of the window on its recording's clock, microseconds. */
  readonly startUs: Float64Array;
}

/**
 * The windows of a recording, cut by the very code that the live agent runs. No window lies across a gap or a change of
 * label. Throws DataError where the recording lacks a channel.
 */
export function windowsOf(recording: Recording, spec: WindowSpec): LabelledWindow[] {
  const path = samplePathFor(recording, spec);
  const { channels, values, ticks, sequence, arrivalUs, breaks = [] } = recording;
  const width = channels.length;
  const reading = createReading(width);
  const windows: LabelledWindow[] = [];
  let nextBreak = 0;
  recording.spans.forEach(({ label, from, to }, i) => {
    if (i > 0) path.restart();
    for (let row = from; row < to; row++) {
      while (breaks[nextBreak] < row) nextBreak++;
      if (breaks[nextBreak] === row && row > from) path.restart();
      for (let c = 0; c < width; c++) reading.values[c] = values[row * width + c];
      reading.deviceTicks = ticks[row];
      reading.sequence = sequence?.[row] ?? Number.NaN;
      path.push(reading, arrivalUs?.[row] ?? Number.NaN);
      collect(path, label, windows);
    }
    path.finish();
    collect(path, label, windows);
  });
  return windows;
}

/** All labelled windows of all recordings. `labels` default: those that occur, sorted. */
export function datasetOf(
  recordings: Iterable<Recording>,
  spec: WindowSpec,
  labels?: readonly string[] | undefined,
): Dataset {
  const found: { window: LabelledWindow; id: string; drive: string }[] = [];
  for (const recording of recordings) {
    for (const window of windowsOf(recording, spec)) {
      if (window.label === undefined || labels?.includes(window.label) === false) continue;
      found.push({ window, id: recording.id, drive: recording.drive ?? recording.id });
    }
  }
  const names = labels ?? [...new Set(found.map((f) => f.window.label as string))].sort();
  const size = spec.steps * spec.channels.length;
  const x = new Float32Array(found.length * size);
  for (let i = 0; i < found.length; i++) x.set(found[i].window.data, i * size);
  return {
    x,
    n: found.length,
    steps: spec.steps,
    channels: spec.channels.length,
    y: Int32Array.from(found, (f) => names.indexOf(f.window.label as string)),
    labels: names,
    recordingIds: found.map((f) => f.id),
    driveIds: found.map((f) => f.drive),
    startUs: Float64Array.from(found, (f) => f.window.startUs),
  };
}

/** SHA-256 over windows, labels and recordings: the same data give the same hash on every machine. */
export function hashDataset(dataset: Dataset): string {
  const hash = createHash('sha256');
  const { labels, n, steps, channels, recordingIds } = dataset;
  hash.update(JSON.stringify({ labels, n, steps, channels, recordingIds }));
  hash.update(new Uint8Array(dataset.x.buffer, dataset.x.byteOffset, dataset.x.byteLength));
  hash.update(new Uint8Array(dataset.y.buffer, dataset.y.byteOffset, dataset.y.byteLength));
  return hash.digest('hex');
}

function collect(path: SamplePath, label: string | undefined, into: LabelledWindow[]): void {
  for (let window = path.next(); window !== undefined; window = path.next()) into.push({ ...window, label });
}

function samplePathFor(recording: Recording, spec: WindowSpec): SamplePath {
  const calibrations = spec.calibration ?? recording.calibration?.channels;
  const maxGapS = spec.maxGapS ?? recording.maxGapS;
  return new SamplePath({
    channels: spec.channels.map(({ name, unit }) => {
      const index = recording.channels.indexOf(name);
      if (index < 0) {
        throw new DataError({
          file: recording.file,
          found: `channels ${recording.channels.join(', ')}`,
          expected: `a channel ${name}`,
        });
      }
      const calibration = calibrations?.find((c) => c.name === name);
      if (calibrations !== undefined && calibration === undefined) {
        throw new DataError({
          file: recording.file,
          key: name,
          found: `a calibration of ${calibrations.map((c) => c.name).join(', ')}`,
          expected: `one of ${name}`,
        });
      }
      const asIs: ChannelCalibration = { name, unit, offset: 0, gain: 1, validRange: [-Infinity, Infinity] };
      return { index, calibration: calibration ?? asIs };
    }),
    timeBase: recording.timeBase,
    sequenceBits: recording.sequenceBits,
    nominalRateHz: spec.nominalRateHz ?? recording.nominalRateHz,
    maxGapUs: maxGapS === undefined ? undefined : maxGapS * 1e6,
    rateHz: spec.rateHz,
    steps: spec.steps,
    stride: spec.stride,
  });
}
