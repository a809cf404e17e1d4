import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { SpaceLimits } from '../session/make-space.ts';

const mebibytes = z.number().positive();

/** Where recorded sessions go and how much room they may take. */
export const sessionsSchema = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Folder of recorded sessions; default: sessions, in the service's state folder or beside this file.",
      ),
    maxFileMiB: mebibytes.default(64).describe('A session goes on in a new file from this size on.'),
    maxFileMinutes: z
      .number()
      .positive()
      .default(60)
      .describe('A session goes on in a new file after so long.'),
    quotaMiB: mebibytes
      .optional()
      .describe(
        'Room for all sessions; the oldest without a label are deleted first. Default: as much as there is.',
      ),
    minFreeMiB: z
      .number()
      .nonnegative()
      .default(256)
      .describe('Always left free on the file system, deleting as for quotaMiB.'),
    deleteLabelled: z
      .boolean()
      .default(false)
      .describe(
        'Delete labelled sessions too when no others are left; else nothing is recorded until there is room.',
      ),
  })
  .describe('Recorded sessions.');
export type SessionsConfig = z.infer<typeof sessionsSchema>;

const mebibyte = 1024 * 1024;

/** The limits of a recording and of all of them, in bytes and seconds. `folder` was resolved when it was loaded. */
export function sessionLimits(config: SessionsConfig): {
  space: SpaceLimits;
  limits: { maxPartBytes: number; maxPartS: number };
} {
  const { folder, quotaMiB, minFreeMiB, deleteLabelled, maxFileMiB, maxFileMinutes } = config;
  return {
    space: {
      folder: folder!,
      quotaBytes: quotaMiB === undefined ? undefined : quotaMiB * mebibyte,
      minFreeBytes: minFreeMiB * mebibyte,
      deleteLabelled,
    },
    limits: { maxPartBytes: maxFileMiB * mebibyte, maxPartS: maxFileMinutes * 60 },
  };
}

/** `folder`: of the configuration file. Under systemd the service may write below its state folder alone. */
export function sessionsFolder(config: SessionsConfig, folder: string): string {
  const state = process.env.STATE_DIRECTORY;
  return config.folder === undefined && state
    ? join(state, 'sessions')
    : resolve(folder, config.folder ?? 'sessions');
}
