import { statfs, unlink } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { listSessions, type SessionPart } from './session-list.ts';

/** How much room sessions may take. */
export interface SpaceLimits {
  readonly folder: string;
  /** All sessions together; undefined for as much as there is. */
  readonly quotaBytes?: number | undefined;
  /** Always left free on the file system. */
  readonly minFreeBytes: number;
  /** Whether labelled sessions may go too, when no others are left. */
  readonly deleteLabelled: boolean;
}

/** Bytes that this process may still write where sessions are kept. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Makes room for `needBytes` more: deletes complete files without a label, oldest first, and labelled ones only where
 * that was asked for. Files that are being written, are damaged or could not be read are never touched: nobody knows
 * what is in them. Gives what was deleted; throws UserError (74) where there is not room enough after all.
 */
export async function makeSpace(limits: SpaceLimits, needBytes: number): Promise<string[]> {
  const deleted: string[] = [];
  let missing = await missingBytes(limits, needBytes);
  if (missing <= 0) return deleted;
  for (const part of await expendable(limits)) {
    await unlink(part.file);
    deleted.push(part.file);
    missing = await missingBytes(limits, needBytes);
    if (missing <= 0) return deleted;
  }
  const isKept = !limits.deleteLabelled && (await expendable({ ...limits, deleteLabelled: true })).length > 0;
  const why = isKept ? 'only labelled sessions are left, which are kept' : 'nothing is left to delete';
  throw new UserError(
    `${limits.folder}: found ${Math.ceil(missing / 2 ** 20)} MiB too little room for a session; ${why}`,
    74,
  );
}

async function missingBytes(
  { folder, quotaBytes, minFreeBytes }: SpaceLimits,
  needBytes: number,
): Promise<number> {
  const free = minFreeBytes + needBytes - (await freeBytes(folder));
  if (quotaBytes === undefined) return free;
  const used = (await listSessions(folder)).reduce((sum, session) => sum + session.bytes, 0);
  return Math.max(free, used + needBytes - quotaBytes);
}

async function expendable({ folder, deleteLabelled }: SpaceLimits): Promise<SessionPart[]> {
  const complete = (await listSessions(folder)).flatMap((s) => s.parts).filter((p) => p.state === 'complete');
  const isLabelled = (part: SessionPart) => Object.keys(part.summary?.labelS ?? {}).length > 0;
  const unlabelled = complete.filter((part) => !isLabelled(part));
  return deleteLabelled ? [...unlabelled, ...complete.filter(isLabelled)] : unlabelled;
}
