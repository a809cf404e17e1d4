import { loadModelFreeConfig } from '../config/load.ts';
import { UserError } from '../errors.ts';
import { loadCard, modelFolder } from '../model/card-file.ts';
import type { WindowSpec } from '../session/dataset.ts';
import { findSession, listSessions, type Session, type SessionPart } from '../session/session-list.ts';

/** Where sessions are: a folder, or the one that a configuration names. */
export interface FolderArguments {
  folder?: string;
  config?: string;
}

export const folderOptions = {
  folder: {
    alias: 'f',
    type: 'string',
    requiresArg: true,
    describe: 'Folder of sessions; default: ./sessions',
  },
  config: { alias: 'c', type: 'string', requiresArg: true, describe: 'Configuration that names the folder' },
} as const;

export const jsonOption = { json: { type: 'boolean', default: false, describe: 'Print JSON' } } as const;

export function folderOf({ folder, config }: FolderArguments): string {
  if (folder !== undefined) return folder;
  return config === undefined ? 'sessions' : (loadModelFreeConfig(config).sessions.folder ?? 'sessions');
}

/** The sessions that are named, or all there are. Throws UserError where there is none. */
export async function namedSessions(
  names: readonly string[] | undefined,
  folder: string,
): Promise<Session[]> {
  if (names !== undefined && names.length > 0)
    return Promise.all(names.map((name) => findSession(name, folder)));
  const sessions = await listSessions(folder);
  if (sessions.length === 0) throw new UserError(`${folder}: found no session`, 66);
  return sessions;
}

/**
 * Of all the sessions of a folder, those that can be read whole. The others are named on standard error; a damaged one
 * makes the exit code 65, one that is not closed does not: it may be being recorded.
 */
export function wholeSessions(sessions: readonly Session[]): Session[] {
  for (const session of sessions) {
    const broken = brokenPart(session);
    if (broken === undefined) continue;
    console.error(`${broken.file}: left out: ${whyNotWhole(broken)}`);
    if (broken.state === 'damaged') process.exitCode = 65;
  }
  return sessions.filter(({ state }) => state === 'complete');
}

function brokenPart({ parts }: Session): SessionPart | undefined {
  return parts.find((part) => part.state !== 'complete');
}

function whyNotWhole({ file, state, problem = 'unreadable' }: SessionPart): string {
  if (state === 'damaged')
    return `found a damaged file (${problem.replace(`${file}: `, '')}); underfoot sessions recover repairs what can be`;
  return 'found a file that is not closed; where nothing records it any more, underfoot sessions recover repairs it';
}

/** Files of a session that can be read whole. Throws where one cannot. */
export function filesOf(session: Session): string[] {
  const broken = brokenPart(session);
  if (broken === undefined) return session.parts.map((part) => part.file);
  throw new UserError(`${broken.file}: ${whyNotWhole(broken)}`, 65);
}

/** What windows look like: as a model wants them, or as the options say. */
export interface WindowArguments {
  model?: string;
  channels?: string[];
  rate?: number;
  steps: number;
  stride?: number;
}

export const windowOptions = {
  model: { alias: 'm', type: 'string', requiresArg: true, describe: 'Windows as this model wants them' },
  channels: { type: 'array', string: true, requiresArg: true, describe: 'Channels of a window, in order' },
  rate: { type: 'number', requiresArg: true, describe: 'Steps a second' },
  steps: { type: 'number', default: 100, requiresArg: true, describe: 'Steps of a window' },
  stride: {
    type: 'number',
    requiresArg: true,
    describe: 'Steps between windows; default: a tenth of a window',
  },
} as const;

export function windowSpec({ model, channels, rate, steps, stride }: WindowArguments): WindowSpec {
  if (model !== undefined) return loadCard(modelFolder(model));
  if (rate === undefined || channels === undefined) {
    throw new UserError('found neither --model nor both --rate and --channels, expected one of them', 64);
  }
  if (!(rate > 0)) throw new UserError(`--rate: found ${rate}, expected above 0`, 64);
  for (const [name, count] of Object.entries({ steps, stride })) {
    if (count !== undefined && !(Number.isInteger(count) && count > 0))
      throw new UserError(`--${name}: found ${count}, expected a whole number above 0`, 64);
  }
  return {
    channels: channels.flatMap((name) => name.split(',')).map((name) => ({ name, unit: '' })),
    rateHz: rate,
    steps,
    stride: stride ?? Math.max(1, Math.round(steps / 10)),
  };
}

/** `1:02:03`, `0:45`. */
export function clockText(seconds: number): string {
  const s = Math.floor(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const i = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${i === 0 ? bytes : (bytes / 1024 ** i).toFixed(1)} ${units[i]}`;
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows
    .map((row) =>
      row
        .map((cell, c) => cell.padEnd(widths[c]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
