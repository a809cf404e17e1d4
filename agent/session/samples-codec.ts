import type { Reading } from '../signal/sample.ts';
import type { Column, SamplesMessage } from './topics.ts';

/** Gathers readings into one `samples` message. `add` copies and allocates nothing; `take` makes the message. */
export class SampleBatch {
  readonly capacity: number;
  readonly #channels: readonly string[];
  readonly #arrivalUs: Float64Array;
  readonly #ticks: Float64Array;
  readonly #sequence: Float64Array;
  readonly #values: Float64Array[];
  #count = 0;

  constructor(channels: readonly string[], capacity: number) {
    this.capacity = capacity;
    this.#channels = channels;
    this.#arrivalUs = new Float64Array(capacity);
    this.#ticks = new Float64Array(capacity);
    this.#sequence = new Float64Array(capacity);
    this.#values = channels.map(() => new Float64Array(capacity));
  }

  get count(): number {
    return this.#count;
  }

  /** Arrival of the first reading of the batch; NaN where there is none. */
  get firstArrivalUs(): number {
    return this.#count > 0 ? this.#arrivalUs[0] : Number.NaN;
  }

  /** The batch must not be full. */
  add(reading: Reading, arrivalUs: number): void {
    const i = this.#count++;
    this.#arrivalUs[i] = arrivalUs;
    this.#ticks[i] = reading.deviceTicks;
    this.#sequence[i] = reading.sequence;
    for (let c = 0; c < this.#values.length; c++) this.#values[c][i] = reading.values[c];
  }

  /** The message of what was gathered, of which the first is sample `first` of the session; empties the batch. */
  take(first: number): SamplesMessage {
    const n = this.#count;
    const columns = this.#values.map((v) => v.subarray(0, n));
    const float32 = columns.every(isFloat32);
    const message: SamplesMessage = {
      first,
      count: n,
      arrivalUs: encodeColumn(this.#arrivalUs.subarray(0, n)),
      values: {},
      mean: {},
    };
    if (!this.#ticks.subarray(0, n).every(Number.isNaN))
      message.ticks = encodeColumn(this.#ticks.subarray(0, n));
    if (!this.#sequence.subarray(0, n).every(Number.isNaN)) {
      message.sequence = encodeColumn(this.#sequence.subarray(0, n));
    }
    if (float32) message.float32 = true;
    this.#channels.forEach((name, c) => {
      message.values[name] = encodeColumn(float32 ? columns[c].map(shortestFloat32) : columns[c]);
      message.mean[name] = mean(columns[c]);
    });
    this.#count = 0;
    return message;
  }
}

/** One batch read back: arrays of `count` numbers, NaN where nothing was sent. */
export interface DecodedSamples {
  readonly first: number;
  readonly count: number;
  readonly arrivalUs: Float64Array;
  readonly ticks: Float64Array;
  readonly sequence: Float64Array;
  /** In the order of `channels`. */
  readonly values: readonly Float64Array[];
}

/** Undoes `SampleBatch.take`, to the last bit. Throws RangeError where the message does not fit its own count. */
export function decodeSamples(message: SamplesMessage, channels: readonly string[]): DecodedSamples {
  const { count } = message;
  const decode = (column: Column | undefined) =>
    column === undefined ? new Float64Array(count).fill(Number.NaN) : decodeColumn(column, count);
  const values = channels.map((name) => {
    const column = message.values[name];
    if (column === undefined) throw new RangeError(`found no channel ${name}`);
    const decoded = decodeColumn(column, count);
    return message.float32 === true ? decoded.map(Math.fround) : decoded;
  });
  return {
    first: message.first,
    count,
    arrivalUs: decodeColumn(message.arrivalUs, count),
    ticks: decode(message.ticks),
    sequence: decode(message.sequence),
    values,
  };
}

/** Steps of whole numbers are small and alike, so they compress well; they are exact below 2^53. */
export function encodeColumn(numbers: Float64Array): Column {
  if (!numbers.every(Number.isSafeInteger) || numbers.some((v) => Object.is(v, -0))) {
    return { values: Array.from(numbers, (v) => (Object.is(v, -0) ? 0 : Number.isFinite(v) ? v : null)) };
  }
  const steps: number[] = [];
  for (let i = 1; i < numbers.length; i++) steps.push(numbers[i] - numbers[i - 1]);
  if (!steps.every(Number.isSafeInteger)) return { values: [...numbers] };
  return { first: numbers[0], steps };
}

export function decodeColumn(column: Column, count: number): Float64Array {
  const { first, steps, values } = column;
  if (values !== undefined) {
    if (values.length !== count) throw new RangeError(`found ${values.length} numbers, expected ${count}`);
    return Float64Array.from(values, (v) => v ?? Number.NaN);
  }
  if (first === undefined || steps === undefined || steps.length !== count - 1) {
    throw new RangeError(`found ${(steps?.length ?? -1) + 1} numbers, expected ${count}`);
  }
  const numbers = new Float64Array(count);
  numbers[0] = first;
  for (let i = 1; i < count; i++) numbers[i] = numbers[i - 1] + steps[i - 1];
  return numbers;
}

function isFloat32(numbers: Float64Array): boolean {
  return numbers.every((v) => Math.fround(v) === v) && !numbers.every(Number.isInteger);
}

/** The shortest decimal that rounds to this float32: 1.234 and not 1.2339999675750732. */
function shortestFloat32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function mean(numbers: Float64Array): number | null {
  const sum = numbers.reduce((a, b) => a + b, 0);
  return Number.isFinite(sum) ? Number((sum / numbers.length).toPrecision(6)) : null;
}
