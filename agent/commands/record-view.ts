import type { ChannelSnapshot, RecordSnapshot } from './record-types.ts';
import { bytesText, clockText } from './sessions-options.ts';

/** What number keys stand for: nine labels a page; 0 is none. */
export interface LabelKeys {
  readonly labels: readonly string[];
  readonly page: number;
}

export const labelsAPage = 9;

/** The label that a digit picks; null is none, undefined nothing. */
export function pickedLabel({ labels, page }: LabelKeys, digit: number): string | null | undefined {
  return digit === 0 ? null : labels[page * labelsAPage + digit - 1];
}

/** Bold, dim, reverse: without colours it stays readable anywhere. */
const style = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;
const bold = style(1);
const dim = style(2);
const reverse = style(7);

/** Columns from which on there is room for smallest and largest number. */
const wideEnough = 60;

/** The lines of the live view; `width` in columns, at least 40. */
export function renderRecording(
  snapshot: RecordSnapshot,
  keys: LabelKeys,
  message: string,
  width: number,
): string[] {
  const { sessionId, where, label, durationS, samples, bytes, freeBytes, rateHz, trouble } = snapshot;
  const facts = [
    clockText(durationS),
    Number.isNaN(rateHz) ? '- Hz' : `${rateHz.toFixed(1)} Hz`,
    ...(samples === undefined ? [] : [`${samples} samples`]),
    bytesText(bytes),
    ...(freeBytes === null ? [] : [`${bytesText(freeBytes)} free`]),
  ];
  const name = ` ${label ?? 'no label'} `;
  return [
    `${bold('recording')} ${cut(`${sessionId}${where === 'service' ? ' in the service' : ''}`, width - 10)}`,
    '',
    `  ${reverse(name)}   ${fitting(facts, width - name.length - 5)}`,
    '',
    ...snapshot.channels.map((channel) => channelLine(channel, snapshot.channels, width)),
    ...(snapshot.surface
      ? [`  predicted   ${snapshot.surface.label} ${snapshot.surface.confidence.toFixed(2)}`]
      : []),
    '',
    ...labelLines(keys, label, width),
    dim('  space marks  u undoes last  q stops'),
    '',
    trouble === undefined ? '' : bold(`  ${cut(trouble, width - 2)}`),
    cut(`  ${message}`, width),
  ];
}

function channelLine(
  { name, unit, last, history }: ChannelSnapshot,
  all: readonly ChannelSnapshot[],
  width: number,
) {
  const nameWidth = Math.max(8, ...all.map((channel) => channel.name.length));
  const value = `${Number.isNaN(last) ? '-' : last.toFixed(2)} ${unit}`.padStart(11);
  const hasRange = width >= wideEnough;
  const room = Math.max(10, width - nameWidth - (hasRange ? 36 : 16));
  const shown = history.slice(-room);
  const low = Math.min(...shown).toFixed(2);
  const range = hasRange && shown.length > 0 ? `  ${dim(`${low} to ${Math.max(...shown).toFixed(2)}`)}` : '';
  return `  ${name.padEnd(nameWidth)} ${value}  ${sparkline(shown).padEnd(room)}${range}`.trimEnd();
}

const blocks = '▁▂▃▄▅▆▇█';

/** One character a number, from the smallest to the largest of them. */
export function sparkline(values: readonly number[]): string {
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  return values
    .map((value) => (span > 0 ? blocks[Math.min(7, Math.floor((8 * (value - low)) / span))] : blocks[3]))
    .join('');
}

function labelLines({ labels, page }: LabelKeys, current: string | null, width: number): string[] {
  const shown = labels.slice(page * labelsAPage, (page + 1) * labelsAPage);
  const cells = [...shown.map((label, i) => ({ key: i + 1, label })), { key: 0, label: null }];
  const lines: string[] = [];
  let line = '  ';
  let length = 2;
  for (const { key, label } of cells) {
    const text = `${key} ${label ?? 'no label'}`;
    if (length + text.length > width && length > 2) {
      lines.push(line.trimEnd());
      line = '  ';
      length = 2;
    }
    line += `${label === current ? reverse(text) : text}   `;
    length += text.length + 3;
  }
  lines.push(line.trimEnd());
  const pages = Math.ceil(labels.length / labelsAPage);
  if (pages > 1) lines.push(dim(`  tab: other labels (page ${page + 1} of ${pages})`));
  return lines;
}

/** As many of the facts, from the first on, as there is room for. */
function fitting(facts: readonly string[], width: number): string {
  let text = facts[0];
  for (const fact of facts.slice(1)) {
    if (text.length + 3 + fact.length > width) break;
    text += `   ${fact}`;
  }
  return text;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}

/** One line for a log: what the live view says in short. */
export function recordingLine({
  label,
  durationS,
  samples,
  bytes,
  freeBytes,
  rateHz,
  trouble,
}: RecordSnapshot): string {
  return [
    clockText(durationS).padStart(7),
    (label ?? '-').padEnd(12),
    Number.isNaN(rateHz) ? '- Hz' : `${rateHz.toFixed(1)} Hz`,
    ...(samples === undefined ? [] : [`${samples} samples`]),
    bytesText(bytes),
    ...(freeBytes === null ? [] : [`${bytesText(freeBytes)} free`]),
    ...(trouble === undefined ? [] : [trouble]),
  ].join('  ');
}
