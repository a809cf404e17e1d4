import { LineDecoder } from './line-decoder.ts';
import { numberBad, numberOk, parseNumber } from './parse-number.ts';
import { type PlotterSpec, plotterKeys } from './plotter-spec.ts';

const colon = 58;
const point = 46;

/**
 * Arduino Serial Plotter: parts split by space, tab or comma, each a value or `label:value`; a line of labels alone names
 * the values of later lines. A label that itself holds a separator cannot be told from two parts. Refuses and counts
 * lines where a channel is missing (`columns`) or is no number (`number`, `nan`), value lines before their labels
 * were seen (`unnamed`), label lines (`labels`), `blank`, `overlong`, `start`. Allocates nothing for a line of values.
 */
export class PlotterDecoder extends LineDecoder {
  readonly #channels: number;
  readonly #hasTime: boolean;
  /** For each wanted value: its label as bytes, or undefined when it is chosen by position. */
  readonly #labels: (Uint8Array | undefined)[];
  readonly #positions: Int32Array;
  readonly #parsed: Float64Array;
  readonly #found: Uint8Array;

  constructor(spec: PlotterSpec, midStream = true) {
    super(spec.columns.length, { maxLength: spec.maxLineBytes, midStream });
    const keys = plotterKeys(spec);
    this.#channels = spec.columns.length;
    this.#hasTime = spec.time !== undefined;
    this.#labels = keys.map((key) => (typeof key === 'string' ? new TextEncoder().encode(key) : undefined));
    this.#positions = Int32Array.from(keys, (key) => (typeof key === 'number' ? key : -1));
    this.#parsed = new Float64Array(keys.length);
    this.#found = new Uint8Array(keys.length);
  }

  protected refuse(): string {
    const reason = this.#read();
    if (reason !== '') return reason;
    for (let i = 0; i < this.#channels; i++) this.reading.values[i] = this.#parsed[i];
    if (this.#hasTime) this.reading.deviceTicks = this.#parsed[this.#channels];
    return '';
  }

  #read(): string {
    const { bytes, start, end, partial } = this.lines;
    if (partial) return 'start';
    this.#found.fill(0);
    let status = numberOk;
    let parts = 0;
    let numbers = 0;
    let labelled = false;
    for (let at = start; at < end; ) {
      while (at < end && isSeparator(bytes[at])) at++;
      if (at === end) break;
      const from = at;
      let valueAt = at;
      while (at < end && !isSeparator(bytes[at])) if (bytes[at++] === colon) valueAt = at;
      labelled ||= valueAt > from;
      if (valueAt < at) {
        const slot = this.#slot(bytes, from, valueAt - 1, parts);
        const got = slot < 0 ? numberOk : parseNumber(bytes, valueAt, at, point, this.#parsed, slot);
        if (slot >= 0) this.#found[slot] = 1;
        if (got !== numberBad && slot >= 0) numbers++;
        if (got > status) status = got;
      }
      parts++;
    }
    if (parts === 0) return 'blank';
    if (numbers === 0 && this.#takeLabels(bytes, start, end)) return 'labels';
    if (this.#found.includes(0)) return labelled || this.#named() ? 'columns' : 'unnamed';
    return status === numberOk ? '' : status === numberBad ? 'number' : 'nan';
  }

  /** Which wanted value a part is, -1 for none. A part without a label (`labelEnd < from`) goes by its position. */
  #slot(bytes: Uint8Array, from: number, labelEnd: number, position: number): number {
    for (let slot = 0; slot < this.#labels.length; slot++) {
      const label = this.#labels[slot];
      if (labelEnd < from || label === undefined) {
        if (this.#positions[slot] === position) return slot;
      } else if (equals(bytes, from, labelEnd, label)) return slot;
    }
    return -1;
  }

  #named(): boolean {
    return this.#labels.every((label, slot) => label === undefined || this.#positions[slot] >= 0);
  }

  /** A line whose every part is a label, with a colon or without one (the header style). */
  #takeLabels(bytes: Uint8Array, start: number, end: number): boolean {
    const parts = new TextDecoder()
      .decode(bytes.subarray(start, end))
      .split(/[ \t,]+/)
      .filter((part) => part !== '');
    if (parts.some((part) => part.indexOf(':') !== part.lastIndexOf(':') || /:./.test(part))) return false;
    const names = parts.map((part) => part.replace(/:$/, ''));
    if (names.some((name) => name === '' || Number.isFinite(Number(name)))) return false;
    this.#labels.forEach((label, slot) => {
      if (label !== undefined) this.#positions[slot] = names.indexOf(new TextDecoder().decode(label));
    });
    return true;
  }
}

function isSeparator(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 44;
}

function equals(bytes: Uint8Array, from: number, to: number, label: Uint8Array): boolean {
  if (to - from !== label.length) return false;
  for (let i = 0; i < label.length; i++) if (bytes[from + i] !== label[i]) return false;
  return true;
}
