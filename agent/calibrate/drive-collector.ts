import type { Protocol } from '../protocol/registry.ts';
import type { Recording } from '../session/recording.ts';
import type { Reading } from '../signal/sample.ts';

/** Keeps the readings of so many seconds, counted from the first one, as a recording on one surface. */
export class DriveCollector {
  readonly #protocol: Pick<Protocol, 'channels' | 'timeBase' | 'sequenceBits'>;
  readonly #seconds: number;
  readonly #values: number[] = [];
  readonly #ticks: number[] = [];
  readonly #arrivalUs: number[] = [];
  readonly #sequence: number[] = [];

  constructor(protocol: Pick<Protocol, 'channels' | 'timeBase' | 'sequenceBits'>, seconds: number) {
    this.#protocol = protocol;
    this.#seconds = seconds;
  }

  /** True once the time is over; that reading is not taken. */
  push(reading: Reading, arrivalUs: number): boolean {
    const startUs = this.#arrivalUs[0] ?? arrivalUs;
    if (arrivalUs - startUs >= this.#seconds * 1e6) return true;
    for (let c = 0; c < this.#protocol.channels.length; c++) this.#values.push(reading.values[c]);
    this.#ticks.push(reading.deviceTicks);
    this.#arrivalUs.push(arrivalUs);
    this.#sequence.push(reading.sequence);
    return false;
  }

  /** `name`: of the source, for error messages. */
  recording(name: string, label: string): Recording {
    const { channels, timeBase, sequenceBits } = this.#protocol;
    const rows = this.#arrivalUs.length;
    const arrivalUs = Float64Array.from(this.#arrivalUs);
    return {
      id: name,
      file: name,
      channels,
      rows,
      timeUs: arrivalUs,
      ticks: Float64Array.from(this.#ticks),
      timeBase,
      sequence: sequenceBits === undefined ? undefined : Float64Array.from(this.#sequence),
      sequenceBits,
      arrivalUs,
      values: Float64Array.from(this.#values),
      spans: rows > 0 ? [{ label, from: 0, to: rows }] : [],
    };
  }
}
