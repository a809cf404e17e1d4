import type { SessionDetails } from './session-details.ts';
import { bytesText, clockText } from './sessions-options.ts';

/** What a session says about itself, a line a fact: name and value, without those that it does not have. */
export function sessionLines(about: SessionDetails): string[][] {
  const lines: [string, string | undefined][] = [
    ['session', about.id],
    ['robot', about.robotId],
    ['started', about.startTime],
    ['state', about.state],
    ['length', about.state === 'complete' ? clockText(about.durationS) : undefined],
    ['samples', about.state === 'complete' ? String(about.samples) : undefined],
    ['size', bytesText(about.bytes)],
    [
      'labels',
      Object.entries(about.labelS)
        .map(([l, s]) => `${l} ${clockText(s)}`)
        .join(', '),
    ],
    ...about.files.map((file): [string, string] => ['file', file]),
    ...(about.problems ?? []).map((problem): [string, string] => ['problem', problem]),
    ...('channels' in about ? recordedLines(about) : []),
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined && line[1] !== '');
}

function recordedLines(
  about: Extract<SessionDetails, { channels: unknown }>,
): [string, string | undefined][] {
  const { model, program, nominalRateHz } = about;
  return [
    ['channels', about.channels.join(', ')],
    ['note', about.note],
    ['rate', nominalRateHz === undefined ? undefined : `${nominalRateHz} Hz`],
    ['largest gap', about.maxGapS === undefined ? undefined : `${about.maxGapS} s`],
    ['protocol', facts(about.protocol)],
    ['clock', facts(about.clock)],
    ['calibration', facts(about.calibration)],
    ['model', model && `${model.name}@${model.version} (${model.engine})`],
    ['program', program && `${program.name} ${program.version}`],
    ['imported', facts(about.imported)],
    ['recovered', facts(about.recovered)],
    ['cut', facts(about.cut)],
  ];
}

/** `name text, columns curL curR, time.unit us`: nested facts by the dotted path that a configuration has. */
function facts(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : flat('', value).join(', ');
}

function flat(path: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((v) => typeof v !== 'object'))
    return [`${path} ${value.join(' ')}`];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, v]) => flat(path === '' ? key : `${path}.${key}`, v));
  return [
    `${path} ${typeof value === 'string' ? JSON.stringify(value).replace(/^"([\w.+:/ -]+)"$/, '$1') : value}`.trim(),
  ];
}
