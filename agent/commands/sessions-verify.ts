import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { recoverFile } from '../session/recover.ts';
import { verifyFile } from '../session/verify.ts';
import { eachWithProgress } from './progress.ts';
import {
  type FolderArguments,
  folderOf,
  folderOptions,
  jsonOption,
  namedSessions,
} from './sessions-options.ts';

type VerifyArguments = FolderArguments & { json: boolean; sessions?: string[] };

const sessionsPositional = {
  type: 'string',
  array: true,
  describe: 'Ids, beginnings of ids or files; default: all',
} as const;

export const sessionsVerifyCommand: CommandModule<object, VerifyArguments> = {
  command: 'verify [sessions..]',
  describe: 'Read every byte: checksums, messages, count of samples (exit 65 when something is wrong)',
  builder: (y) => y.positional('sessions', sessionsPositional).options({ ...folderOptions, ...jsonOption }),
  async handler(argv) {
    const files = (await namedSessions(argv.sessions, folderOf(argv))).flatMap((s) =>
      s.parts.map((p) => p.file),
    );
    const results: ({ file: string; ok: boolean } & Record<string, unknown>)[] = [];
    await eachWithProgress('verifying', files, String, (file) => {
      try {
        results.push({ ok: true, ...verifyFile(file) });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        results.push({ ok: false, file, problem: error.message });
      }
    });
    if (argv.json) console.log(JSON.stringify(results, null, 2));
    else {
      for (const { ok, file, problem, samples, missing } of results) {
        const holes = Number(missing) > 0 ? `, ${missing} never reached the disk` : '';
        console.log(ok ? `${file}: good, ${samples} samples${holes}` : String(problem));
      }
    }
    if (results.some(({ ok }) => !ok)) process.exitCode = 65;
  },
};

type RecoverArguments = VerifyArguments & { keep: boolean };

export const sessionsRecoverCommand: CommandModule<object, RecoverArguments> = {
  command: 'recover [sessions..]',
  describe: 'Repair files that were cut off by a crash or a power cut, or damaged later',
  builder: (y) =>
    y.positional('sessions', sessionsPositional).options({
      ...folderOptions,
      ...jsonOption,
      keep: {
        type: 'boolean',
        default: false,
        describe: 'Keep the cut-off file too (a damaged one is always kept, as .damaged)',
      },
    }),
  async handler(argv) {
    // One that looks complete is read whole only where it was named.
    const named = (argv.sessions ?? []).length > 0;
    const files = (await namedSessions(argv.sessions, folderOf(argv)))
      .flatMap((s) => s.parts)
      .filter(({ state }) => named || state !== 'complete')
      .map((p) => p.file);
    const results: ({ file: string; ok: boolean } & Record<string, unknown>)[] = [];
    await eachWithProgress('recovering', files, String, async (file) => {
      try {
        results.push({ ok: true, ...(await recoverFile(file, { keep: argv.keep })) });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        results.push({ ok: false, file, problem: error.message, exitCode: error.exitCode });
      }
    });
    if (argv.json) console.log(JSON.stringify(results, null, 2));
    else if (results.length === 0) console.log('nothing to recover');
    else {
      for (const { ok, file, problem, samples, damage } of results) {
        console.log(ok ? `${file}: ${samples} samples, read back and verified (${damage})` : String(problem));
      }
    }
    const bad = results.find(({ ok }) => !ok);
    if (bad !== undefined) process.exitCode = Number(bad.exitCode);
  },
};
