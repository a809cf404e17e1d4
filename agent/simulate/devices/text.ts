import type { JsonSpec } from '../../protocol/json-lines.ts';
import { type PlotterSpec, plotterKeys } from '../../protocol/plotter-spec.ts';
import { type TextSpec, textKeys } from '../../protocol/text-spec.ts';
import type { CurrentSource } from './device.ts';
import { StreamingDevice } from './streaming-device.ts';

interface TimeField {
  readonly unit: 's' | 'ms' | 'us';
  readonly wrapBits?: number;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The device's clock as it prints it: micros() and millis() are whole numbers that wrap, seconds have a fraction. */
function printTime(time: TimeField, timeUs: number): string {
  if (time.unit === 's') return (timeUs / 1e6).toFixed(6);
  const ticks = Math.floor(time.unit === 'ms' ? timeUs / 1000 : timeUs);
  return String(time.wrapBits === undefined ? ticks : ticks % 2 ** time.wrapBits);
}

/** A microcontroller that prints lines as a text protocol's specification describes them. */
export function textDevice(spec: TextSpec, rateHz: number, currentA: CurrentSource): StreamingDevice {
  const keys = textKeys(spec);
  const names = Array.isArray(spec.header) ? spec.header : headerNames(keys);
  const fieldOf = keys.map((key) => (typeof key === 'number' ? key : names.indexOf(key)));
  const lineEnd = spec.lineEnd === 'cr' ? '\r' : '\n';
  const channels = spec.columns.length;
  const count = spec.fields ?? names.length;
  return new StreamingDevice(rateHz, (timeUs, index) => {
    const fields: string[] = new Array(count).fill('0');
    for (let k = 0; k < channels; k++)
      fields[fieldOf[k]] = currentA(k, timeUs).toFixed(4).replace('.', spec.decimal);
    if (spec.time) fields[fieldOf[channels]] = printTime(spec.time, timeUs).replace('.', spec.decimal);
    if (spec.sequence) fields[fieldOf.at(-1)!] = String(index % 2 ** (spec.sequence.wrapBits ?? 48));
    const line = fields.join(spec.delimiter) + lineEnd;
    return encode(index === 0 && spec.header === true ? names.join(spec.delimiter) + lineEnd + line : line);
  });
}

/** A header in which positions and names are where the specification wants them. */
function headerNames(keys: readonly (number | string)[]): string[] {
  const names: string[] = [];
  for (const key of keys) if (typeof key === 'number') names[key] = `field${key}`;
  for (const key of keys) {
    if (typeof key === 'number') continue;
    let free = 0;
    while (names[free] !== undefined) free++;
    names[free] = key;
  }
  return Array.from(names, (name, k) => name ?? `field${k}`);
}

/** An Arduino that prints `label:value` parts, or bare values where the specification goes by position. */
export function plotterDevice(spec: PlotterSpec, rateHz: number, currentA: CurrentSource): StreamingDevice {
  const keys = plotterKeys(spec);
  const channels = spec.columns.length;
  const positions = Math.max(-1, ...keys.filter((key) => typeof key === 'number')) + 1;
  return new StreamingDevice(rateHz, (timeUs) => {
    const parts: string[] = new Array(positions).fill('0');
    keys.forEach((key, k) => {
      const value = k < channels ? currentA(k, timeUs).toFixed(4) : printTime(spec.time!, timeUs);
      if (typeof key === 'number') parts[key] = value;
      else parts.push(`${key}:${value}`);
    });
    return encode(`${parts.join('\t')}\r\n`);
  });
}

/** A microcontroller that prints one JSON object a line. */
export function jsonDevice(spec: JsonSpec, rateHz: number, currentA: CurrentSource): StreamingDevice {
  return new StreamingDevice(rateHz, (timeUs, index) => {
    const object: Record<string, unknown> = {};
    spec.columns.forEach((c, k) => {
      put(object, typeof c === 'string' ? c : c.path, Number(currentA(k, timeUs).toFixed(4)));
    });
    if (spec.time) put(object, spec.time.path, Number(printTime(spec.time, timeUs)));
    if (spec.sequence) put(object, spec.sequence.path, index % 2 ** (spec.sequence.wrapBits ?? 48));
    return encode(`${JSON.stringify(object)}\n`);
  });
}

function put(object: Record<string, unknown>, path: string, value: number): void {
  const keys = path.split('.');
  let at = object;
  for (const key of keys.slice(0, -1)) {
    if (!Object.hasOwn(at, key)) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
  at[keys.at(-1)!] = value;
}
