import type { GainMemory } from '../drift/recover/gain-tracker.ts';
import { DataError } from '../errors.ts';
import { ArrivalClock } from '../signal/arrival-clock.ts';
import { DeviceClock } from '../signal/clock.ts';
import { LabelTimeline } from './label-timeline.ts';
import { itemsOf, type SessionHead } from './reader.ts';
import type { LabelSpan, Recording } from './recording.ts';
import { readGain, readInput, readModel, type SessionInput, type SessionModel } from './session-input.ts';
import type { EventMessage, PredictionMessage } from './topics.ts';

/** A session in memory, all its files joined. */
export interface LoadedSession {
  readonly head: SessionHead;
  readonly input: SessionInput;
  /** The model that made the predictions; undefined where none was recorded. */
  readonly model: SessionModel | undefined;
  /** What gain tracking had learnt when the session began; undefined where it was off. */
  readonly gain: GainMemory | undefined;
  readonly recording: Recording;
  readonly labels: LabelTimeline;
  /** `atSample` is a row of the recording. */
  readonly events: readonly EventMessage[];
  readonly predictions: readonly PredictionMessage[];
}

/**
 * Reads the files of one session, in the order of their parts. Labels are joined to samples by time, after all changes
 * and undos are known. Throws DataError as `itemsOf` does, and where the files do not belong together.
 */
export function loadSession(files: readonly string[], lenient = false): LoadedSession {
  const labels = new LabelTimeline();
  const events: EventMessage[] = [];
  const predictions: PredictionMessage[] = [];
  let head: SessionHead | undefined;
  let rows: Rows | undefined;
  for (const file of files) {
    for (const item of itemsOf(file, { lenient })) {
      if (item.kind === 'head') {
        if (head !== undefined) checkSame(file, head, item.head);
        head ??= item.head;
        rows ??= new Rows(item.head.channels.length);
      } else if (item.kind === 'label') labels.apply(item.message);
      else if (item.kind === 'event') note(events, item.message);
      else if (item.kind === 'prediction') predictions.push(item.message);
      else if (item.kind === 'samples') rows?.add(item.samples);
    }
  }
  if (head === undefined || rows === undefined || rows.count === 0) {
    throw new DataError({ file: files[0], found: 'no samples', expected: 'at least one' });
  }
  const input = readInput(files[0], head);
  for (const event of events) event.atSample = rows.rowAt(event.atSample);
  return {
    head,
    input,
    model: readModel(files[0], head),
    gain: readGain(files[0], head),
    labels,
    events,
    predictions,
    recording: toRecording(files[0], head, input, rows, labels, events),
  };
}

/** `unmark` takes the last mark back as if it had never been. */
function note(events: EventMessage[], event: EventMessage): void {
  if (event.kind !== 'unmark') events.push(event);
  else {
    const last = events.findLastIndex(({ kind }) => kind === 'mark');
    if (last >= 0) events.splice(last, 1);
  }
}

function checkSame(file: string, first: SessionHead, other: SessionHead): void {
  if (other.id === first.id && other.channels.join() === first.channels.join() && other.part > first.part)
    return;
  throw new DataError({
    file,
    found: `part ${other.part} of session ${other.id}`,
    expected: `a part after ${first.part} of session ${first.id}`,
  });
}

/** Columns that grow by doubling. */
class Rows {
  count = 0;
  arrivalUs = new Float64Array(4096);
  ticks = new Float64Array(4096);
  sequence = new Float64Array(4096);
  values: Float64Array;
  /** Stretches without a missing sample: their first row and that row's number in the session. */
  readonly stretches: { row: number; sample: number }[] = [];
  readonly #channels: number;
  #next = Number.NaN;

  constructor(channels: number) {
    this.#channels = channels;
    this.values = new Float64Array(4096 * channels);
  }

  add(samples: {
    first: number;
    count: number;
    arrivalUs: Float64Array;
    ticks: Float64Array;
    sequence: Float64Array;
    values: readonly Float64Array[];
  }): void {
    const { first, count } = samples;
    while (this.count + count > this.ticks.length) this.#grow();
    if (this.#next !== first) this.stretches.push({ row: this.count, sample: first });
    this.#next = first + count;
    this.arrivalUs.set(samples.arrivalUs, this.count);
    this.ticks.set(samples.ticks, this.count);
    this.sequence.set(samples.sequence, this.count);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < this.#channels; c++) {
        this.values[(this.count + i) * this.#channels + c] = samples.values[c][i];
      }
    }
    this.count += count;
  }

  /** The first row that is sample `sample` of the session or a later one. */
  rowAt(sample: number): number {
    const i = this.stretches.findLastIndex((stretch) => stretch.sample <= sample);
    if (i < 0) return 0;
    const { row, sample: first } = this.stretches[i];
    return Math.min(row + sample - first, this.stretches[i + 1]?.row ?? this.count);
  }

  #grow(): void {
    const doubled = (array: Float64Array) => {
      const larger = new Float64Array(array.length * 2);
      larger.set(array);
      return larger;
    };
    this.arrivalUs = doubled(this.arrivalUs);
    this.ticks = doubled(this.ticks);
    this.sequence = doubled(this.sequence);
    this.values = doubled(this.values);
  }
}

function toRecording(
  file: string,
  head: SessionHead,
  input: SessionInput,
  rows: Rows,
  labels: LabelTimeline,
  events: readonly EventMessage[],
): Recording {
  const { count } = rows;
  const arrivalUs = rows.arrivalUs.slice(0, count);
  const ticks = rows.ticks.slice(0, count);
  const sequence = rows.sequence.slice(0, count);
  const resets = events.filter((e) => e.kind === 'reset').map((e) => e.atSample);
  const breaks = new Set([...rows.stretches.slice(1).map((s) => s.row), ...resets]);
  return {
    id: head.id,
    drive: head.metadata.cut?.drive ?? head.metadata.cut?.of,
    file,
    channels: head.channels,
    rows: count,
    timeUs: timeLine(input, ticks, arrivalUs),
    ticks,
    timeBase: input.timeBase,
    sequence: sequence.every(Number.isNaN) ? undefined : sequence,
    sequenceBits: input.sequenceBits,
    nominalRateHz: input.nominalRateHz,
    maxGapS: input.maxGapS,
    calibration: input.calibration,
    arrivalUs,
    values: rows.values.slice(0, count * head.channels.length),
    breaks: [...breaks].filter((row) => row > 0 && row < count).sort((a, b) => a - b),
    spans: spansOf(arrivalUs, labels),
  };
}

/** What the live agent took for the samples' times. */
function timeLine(
  { timeBase, nominalRateHz }: SessionInput,
  ticks: Float64Array,
  arrivalUs: Float64Array,
): Float64Array {
  if (timeBase !== undefined) {
    const clock = new DeviceClock(timeBase);
    return ticks.map((t) => clock.unwrap(t));
  }
  const clock = new ArrivalClock({ rateHz: nominalRateHz });
  return arrivalUs.map((t) => clock.push(t));
}

function spansOf(arrivalUs: Float64Array, labels: LabelTimeline): LabelSpan[] {
  const spans: LabelSpan[] = [];
  let from = 0;
  let label: string | undefined;
  const end = (to: number) => {
    if (to > from) spans.push({ label, from, to });
    from = Math.max(from, to);
  };
  for (const change of labels.changes()) {
    end(firstAtOrAfter(arrivalUs, change.atUs));
    label = change.label ?? undefined;
  }
  end(arrivalUs.length);
  return spans;
}

function firstAtOrAfter(ascending: Float64Array, value: number): number {
  let low = 0;
  for (let high = ascending.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
