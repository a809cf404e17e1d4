import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { McapIndexedReader } from '@mcap/core';
import { DataError, UserError, unreadable } from '../errors.ts';
import { PARTIAL } from './part-file.ts';
import { itemsOf, type SessionHead } from './reader.ts';
import { readSummary, type Summary } from './summary.ts';

/** One file of a session, as its head and its end say, without reading what is between. */
export interface SessionPart {
  readonly file: string;
  readonly bytes: number;
  /** `partial`: being written, or its writer was killed. `damaged`: no session can be made of it as it is. */
  readonly state: 'complete' | 'partial' | 'damaged';
  readonly head: SessionHead | undefined;
  /** Only of a complete file. */
  readonly summary: Summary | undefined;
  /** What is wrong with a damaged file. */
  readonly problem?: string;
}

/** All files of one recording. */
export interface Session {
  readonly id: string;
  /** Ascending by part. */
  readonly parts: readonly SessionPart[];
  readonly robotId: string | undefined;
  readonly startTime: string | undefined;
  readonly bytes: number;
  /** Of the complete parts. */
  readonly samples: number;
  readonly durationS: number;
  readonly labelS: Readonly<Record<string, number>>;
  readonly state: SessionPart['state'];
}

const ENDING = '.mcap';

/** The sessions in a folder, oldest first. Files of other kinds are passed over. Throws UserError (66). */
export async function listSessions(folder: string): Promise<Session[]> {
  const parts = await partsIn(folder);
  const byId = new Map<string, SessionPart[]>();
  for (const part of parts) {
    const id = part.head?.id ?? idOfName(part.file);
    byId.set(id, [...(byId.get(id) ?? []), part]);
  }
  return [...byId].map(([id, group]) => toSession(id, group)).sort(byStart);
}

/**
 * The session that a person names: by a file, a folder that holds just one, or an id (or the beginning of one) in
 * `folder`. A file stands for its part alone. Throws UserError (66) where there is none or more than one.
 */
export async function findSession(name: string, folder: string): Promise<Session> {
  if (existsSync(name) && !statSync(name).isDirectory()) {
    const part = await readPart(name);
    if (part === undefined)
      throw new UserError(`${name}: found no such file any more, expected a session`, 66);
    return toSession(part.head?.id ?? idOfName(name), [part]);
  }
  const inside = existsSync(name);
  const sessions = (await listSessions(inside ? name : folder)).filter(
    (s) => inside || s.id.startsWith(name),
  );
  const exact = sessions.find((s) => s.id === name);
  if (exact !== undefined) return exact;
  if (sessions.length === 1) return sessions[0];
  const where = inside ? name : folder;
  if (sessions.length === 0)
    throw new UserError(`${where}: found no session ${inside ? '' : name}`.trimEnd(), 66);
  throw new UserError(`${where}: found ${sessions.length} sessions for ${name}, expected one`, 64);
}

/** A file that went while the folder was read may have got its last name: the folder is read again, so many times. */
async function partsIn(folder: string, again = 4): Promise<SessionPart[]> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw unreadable(folder, error);
  }
  const files = names.filter((name) => name.endsWith(ENDING) || name.endsWith(ENDING + PARTIAL)).sort();
  const parts = await Promise.all(files.map((name) => readPart(join(folder, name))));
  const there = parts.filter((part) => part !== undefined);
  return there.length === parts.length || again === 0 ? there : await partsIn(folder, again - 1);
}

/** Head and end of a file, undefined where it is gone. Never throws because of what is in it. */
async function readPart(file: string): Promise<SessionPart | undefined> {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return undefined;
  const partial = file.endsWith(PARTIAL);
  try {
    const head = headOf(file);
    const summary = partial ? undefined : await summaryOf(file);
    return { file, bytes, state: partial ? 'partial' : 'complete', head, summary };
  } catch (error) {
    if (!existsSync(file)) return undefined;
    const problem = (error as Error).message;
    return {
      file,
      bytes,
      state: partial ? 'partial' : 'damaged',
      head: undefined,
      summary: undefined,
      problem,
    };
  }
}

/** Reads as far as the first message. */
function headOf(file: string): SessionHead {
  for (const item of itemsOf(file, { lenient: true, kinds: ['head'] })) {
    if (item.kind === 'head') return item.head;
  }
  throw new DataError({ file, found: 'no session metadata', expected: 'a session of this program' });
}

async function summaryOf(file: string): Promise<Summary> {
  const handle = openSync(file, 'r');
  try {
    const readable = {
      size: async () => BigInt(fstatSync(handle).size),
      read: async (offset: bigint, size: bigint) => {
        const bytes = new Uint8Array(Number(size));
        const read = readSync(handle, bytes, 0, bytes.length, Number(offset));
        if (read !== bytes.length)
          throw new DataError({ file, found: 'an early end', expected: 'its summary' });
        return bytes;
      },
    };
    const reader = await McapIndexedReader.Initialize({ readable });
    for await (const { metadata } of reader.readMetadata({ name: 'summary' })) return readSummary(metadata);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const { message } = error as Error;
    const found = message.startsWith('Expected MCAP magic') ? 'no closing mark at its end' : message;
    throw new DataError({ file, found, expected: 'a complete session file' });
  } finally {
    closeSync(handle);
  }
  throw new DataError({ file, found: 'no summary', expected: 'a session of this program' });
}

function toSession(id: string, unordered: readonly SessionPart[]): Session {
  const parts = [...unordered].sort(
    (a, b) => (a.head?.part ?? 0) - (b.head?.part ?? 0) || (a.file < b.file ? -1 : 1),
  );
  const labelS: Record<string, number> = {};
  for (const { summary } of parts) {
    for (const [label, s] of Object.entries(summary?.labelS ?? {})) labelS[label] = (labelS[label] ?? 0) + s;
  }
  const sum = (of: (part: SessionPart) => number) => parts.reduce((total, part) => total + of(part), 0);
  const head = parts.find((part) => part.head !== undefined)?.head;
  return {
    id,
    parts,
    robotId: head?.metadata.robot?.id,
    startTime: head?.startTime,
    bytes: sum((part) => part.bytes),
    samples: sum((part) => part.summary?.samples ?? 0),
    durationS: sum((part) => part.summary?.durationS ?? 0),
    labelS,
    state: (['damaged', 'partial'] as const).find((s) => parts.some((p) => p.state === s)) ?? 'complete',
  };
}

/** `ID-0001.mcap` -> `ID`. */
function idOfName(file: string): string {
  return basename(file).replace(/(-\d{4,})?\.mcap(\.partial)?$/, '');
}

function byStart(a: Session, b: Session): number {
  const key = (s: Session) => `${s.startTime ?? ''} ${s.id}`;
  return key(a) < key(b) ? -1 : 1;
}
