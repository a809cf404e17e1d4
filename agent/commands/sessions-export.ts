import { dirname, join } from 'node:path';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { datasetOf } from '../session/dataset.ts';
import { csvOf, npzOf, parquetOf } from '../session/export.ts';
import { importRecording } from '../session/import.ts';
import type { Recording } from '../session/recording.ts';
import { listRecordings, readRecordings } from '../session/recordings.ts';
import type { Session } from '../session/session-list.ts';
import { loadSession } from '../session/session-recording.ts';
import { makeFolder, writeWholeFile } from '../session/whole-file.ts';
import { writeSession } from '../session/write-session.ts';
import { eachWithProgress } from './progress.ts';
import {
  type FolderArguments,
  filesOf,
  folderOf,
  folderOptions,
  jsonOption,
  namedSessions,
  type WindowArguments,
  wholeSessions,
  windowOptions,
  windowSpec,
} from './sessions-options.ts';
import { version } from './version.ts';

type ExportArguments = FolderArguments &
  WindowArguments & {
    sessions?: string[];
    format: 'csv' | 'parquet' | 'npz';
    out: string;
    raw: boolean;
    'by-label': boolean;
    json: boolean;
  };

export const sessionsExportCommand: CommandModule<object, ExportArguments> = {
  command: 'export [sessions..]',
  describe: 'Sessions as CSV, Parquet (a row a sample) or npz (windows for Keras and PyTorch)',
  builder: (y) =>
    y
      .positional('sessions', { type: 'string', array: true, describe: 'Ids or files; default: all' })
      .options({
        ...folderOptions,
        ...windowOptions,
        ...jsonOption,
        format: {
          choices: ['csv', 'parquet', 'npz'] as const,
          demandOption: true,
          describe: 'What to write',
        },
        out: {
          alias: 'o',
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'Folder; a file for npz',
        },
        raw: {
          type: 'boolean',
          default: false,
          describe: 'Numbers as the sensor sent them, without calibration',
        },
        'by-label': { type: 'boolean', default: false, describe: 'CSV as <LABEL>/<session>_<n>.csv' },
      }),
  async handler(argv) {
    const named = await namedSessions(argv.sessions, folderOf(argv));
    const sessions = argv.sessions?.length ? named : wholeSessions(named);
    if (sessions.length === 0) throw new UserError(`${folderOf(argv)}: found no complete session`, 66);
    const written =
      argv.format === 'npz' ? await exportWindows(argv, sessions) : await exportRows(argv, sessions);
    if (argv.json) console.log(JSON.stringify(written, null, 2));
    else
      for (const { file, rows, windows } of written)
        console.log(`${file}: ${rows ?? windows} ${rows ? 'rows' : 'windows'}`);
  },
};

interface Written {
  file: string;
  rows?: number;
  windows?: number;
}

async function exportWindows(argv: ExportArguments, sessions: readonly Session[]): Promise<Written[]> {
  const spec = windowSpec(argv);
  const recordings: Recording[] = [];
  await eachWithProgress(
    'reading',
    sessions,
    (s) => s.id,
    (session) => {
      recordings.push(loadSession(filesOf(session)).recording);
    },
  );
  const dataset = datasetOf(recordings, spec);
  if (dataset.n === 0) throw new UserError(`${folderOf(argv)}: found no labelled window, expected one`, 65);
  makeFolder(dirname(argv.out));
  const channels = spec.channels.map((c) => c.name);
  writeWholeFile(argv.out, [npzOf(dataset, { channels, rateHz: spec.rateHz })]);
  return [{ file: argv.out, windows: dataset.n }];
}

async function exportRows(argv: ExportArguments, sessions: readonly Session[]): Promise<Written[]> {
  const written: Written[] = [];
  const write = (file: string, rows: number, pieces: Iterable<string | Uint8Array>) => {
    makeFolder(dirname(file));
    writeWholeFile(file, pieces);
    written.push({ file, rows });
  };
  await eachWithProgress(
    'exporting',
    sessions,
    (s) => s.id,
    (session) => {
      const { recording, head, input } = loadSession(filesOf(session));
      if (argv.format === 'parquet') {
        const startUs = BigInt(
          Math.round(Date.parse(head.startTime) * 1000 + offsetUs(recording, head.startUs)),
        );
        const bytes = parquetOf(recording, { robotId: input.robotId, startUs }, argv);
        write(join(argv.out, input.robotId, `${session.id}.parquet`), recording.rows, [bytes]);
      } else if (argv['by-label']) {
        for (const [i, piece] of pieces(recording).entries()) {
          write(
            join(argv.out, piece.label, `${session.id}_${i + 1}.csv`),
            piece.recording.rows,
            csvOf(piece.recording, argv),
          );
        }
      } else write(join(argv.out, `${session.id}.csv`), recording.rows, csvOf(recording, argv));
    },
  );
  return written;
}

/** From the beginning of the session to its first sample. */
function offsetUs({ arrivalUs }: Recording, startUs: number): number {
  return arrivalUs === undefined ? 0 : Math.max(0, arrivalUs[0] - startUs);
}

/** Stretches of one label without a break, each as a recording of its own. */
function pieces(recording: Recording): { label: string; recording: Recording }[] {
  const width = recording.channels.length;
  return recording.spans.flatMap(({ label, from, to }) => {
    if (label === undefined) return [];
    const inner = (recording.breaks ?? []).filter((row) => row > from && row < to);
    const bounds = [from, ...inner, to];
    return bounds.slice(1).map((end, i) => {
      const begin = bounds[i];
      const values = recording.values.slice(begin * width, end * width);
      const timeUs = recording.timeUs.slice(begin, end);
      const rows = end - begin;
      return {
        label,
        recording: { ...recording, rows, values, timeUs, spans: [{ label, from: 0, to: rows }] },
      };
    });
  });
}

type ImportArguments = FolderArguments & {
  path: string;
  robot: string;
  start?: string;
  note?: string;
  json: boolean;
};

export const sessionsImportCommand: CommandModule<object, ImportArguments> = {
  command: 'import <path>',
  describe: 'Sessions from CSV: <LABEL>/<recording>.csv, a flat folder, or a file with a label column',
  builder: (y) =>
    y.positional('path', { type: 'string', demandOption: true, describe: 'CSV file or folder' }).options({
      ...folderOptions,
      ...jsonOption,
      robot: {
        alias: 'r',
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Robot it was recorded on',
      },
      start: {
        type: 'string',
        requiresArg: true,
        describe: 'When it was recorded (ISO 8601); default: date of the file',
      },
      note: { type: 'string', requiresArg: true, describe: 'Kept with the sessions' },
    }),
  async handler(argv) {
    const startWallMs = argv.start === undefined ? undefined : Date.parse(argv.start);
    if (Number.isNaN(startWallMs)) throw new UserError(`--start: found ${argv.start}, expected ISO 8601`, 64);
    if (!/^[A-Za-z0-9_-]+$/.test(argv.robot)) {
      throw new UserError(
        `--robot: found ${JSON.stringify(argv.robot)}, expected letters, digits, _ and -`,
        64,
      );
    }
    const folder = folderOf(argv);
    makeFolder(folder);
    const entries = listRecordings(argv.path).filter((entry) => entry.parts === undefined);
    const results: ({ ok: boolean; file: string } & Record<string, unknown>)[] = [];
    // One bad file among many is named and left out; the others are imported.
    const attempt = async (file: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        results.push({ ok: false, file, problem: error.message, exitCode: error.exitCode });
      }
    };
    await eachWithProgress(
      'importing',
      entries,
      (e) => e.id,
      (entry) =>
        attempt(entry.file, async () => {
          for (const recording of readRecordings(entry)) {
            const about = { robotId: argv.robot, version, startWallMs, note: argv.note };
            await attempt(entry.file, async () => {
              const { file, samples } = await writeSession(folder, importRecording(recording, about));
              results.push({ ok: true, file, samples, from: entry.file });
            });
          }
        }),
    );
    if (argv.json) console.log(JSON.stringify(results, null, 2));
    else {
      for (const { ok, file, samples, problem } of results)
        console.log(ok ? `${file}: ${samples} samples` : String(problem));
    }
    const bad = results.find(({ ok }) => !ok);
    if (bad !== undefined) process.exitCode = Number(bad.exitCode);
  },
};
