import type { Recording } from './recording.ts';

/** Gathers rows into a Recording; grows by doubling. */
export class RecordingBuilder {
  private rows = 0;
  private timeUs: Float64Array = new Float64Array(1024);
  private values: Float64Array;
  private readonly spans: { label: string | undefined; from: number; to: number }[] = [];
  private readonly id: string;
  private readonly file: string;
  private readonly channels: readonly string[];

  constructor(id: string, file: string, channels: readonly string[]) {
    this.id = id;
    this.file = file;
    this.channels = channels;
    this.values = new Float64Array(1024 * channels.length);
  }

  add(timeUs: number, values: ArrayLike<number>, label: string | undefined): void {
    if (this.rows === this.timeUs.length) {
      this.timeUs = grown(this.timeUs);
      this.values = grown(this.values);
    }
    this.timeUs[this.rows] = timeUs;
    this.values.set(values, this.rows * this.channels.length);
    this.rows++;
    const last = this.spans.at(-1);
    if (last !== undefined && last.label === label) last.to = this.rows;
    else this.spans.push({ label, from: this.rows - 1, to: this.rows });
  }

  finish(): Recording {
    const timeUs = this.timeUs.slice(0, this.rows);
    return {
      id: this.id,
      file: this.file,
      channels: this.channels,
      rows: this.rows,
      timeUs,
      ticks: timeUs,
      timeBase: { tickUs: 1 },
      values: this.values.slice(0, this.rows * this.channels.length),
      spans: this.spans,
    };
  }
}

function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
