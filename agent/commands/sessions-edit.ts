import { dirname } from 'node:path';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { cut, editLabels, relabel, rowAtSecond, stretchesByLabel } from '../session/edit.ts';
import { LabelTimeline } from '../session/label-timeline.ts';
import { readMarkers } from '../session/markers.ts';
import { findSession, type Session } from '../session/session-list.ts';
import { type LoadedSession, loadSession } from '../session/session-recording.ts';
import { writeSession } from '../session/write-session.ts';
import { eachWithProgress } from './progress.ts';
import { type FolderArguments, filesOf, folderOf, folderOptions, jsonOption } from './sessions-options.ts';

type EditArguments = FolderArguments & { session: string; json: boolean; from?: number; to?: number };

const session = {
  type: 'string',
  demandOption: true,
  describe: 'Id, beginning of an id, or file',
} as const;
const stretch = {
  from: {
    type: 'number',
    requiresArg: true,
    describe: 'Seconds since the first sample; default: its beginning',
  },
  to: { type: 'number', requiresArg: true, describe: 'Seconds since the first sample; default: its end' },
} as const;

type LabelArguments = EditArguments & { label?: string; none: boolean; markers?: string };

export const sessionsLabelCommand: CommandModule<object, LabelArguments> = {
  command: 'label <session> [label]',
  describe: 'Set the label of a session, or of a stretch of it, or all labels from a marker file',
  builder: (y) =>
    y
      .positional('session', session)
      .positional('label', { type: 'string', describe: 'Surface' })
      .options({
        ...folderOptions,
        ...jsonOption,
        ...stretch,
        none: { type: 'boolean', default: false, describe: 'Take the label away' },
        markers: {
          type: 'string',
          requiresArg: true,
          describe: 'CSV file time,label that replaces all labels',
        },
      }),
  async handler(argv) {
    const given = [argv.label !== undefined, argv.none, argv.markers !== undefined].filter(Boolean).length;
    if (given !== 1) throw new UserError(`found ${given} of LABEL, --none and --markers, expected one`, 64);
    const { found, loaded } = await open(argv);
    const { recording, head, labels } = loaded;
    const arrivals = recording.arrivalUs ?? recording.timeUs;
    const at = (row: number) => (row < recording.rows ? arrivals[row] : Number.POSITIVE_INFINITY);
    // The first label begins with the session, not with its first sample.
    const fromUs =
      argv.from === undefined ? Math.min(head.startUs, arrivals[0]) : at(rowAtSecond(loaded, argv.from));
    const toUs = argv.to === undefined ? Number.POSITIVE_INFINITY : at(rowAtSecond(loaded, argv.to));
    checkStretch(argv, loaded, toUs > fromUs);
    const changes =
      argv.markers === undefined
        ? editLabels(labels, argv.label ?? null, fromUs, toUs)
        : markedChanges(argv.markers, loaded);
    await relabel(found, changes);
    const after = loadSession(filesOf(found)).recording;
    report(argv, {
      session: found.id,
      labels: after.spans.map(({ label, from, to }) => ({
        label: label ?? null,
        fromS: (after.timeUs[from] - after.timeUs[0]) / 1e6,
        toS: (after.timeUs[to - 1] - after.timeUs[0]) / 1e6,
      })),
    });
  },
};

function markedChanges(file: string, { head }: LoadedSession) {
  const timeline = new LabelTimeline();
  for (const change of readMarkers(file, head)) timeline.apply({ op: 'set', by: 'file', ...change });
  return timeline.changes();
}

export const sessionsTrimCommand: CommandModule<object, EditArguments & { as?: string }> = {
  command: 'trim <session>',
  describe: 'Write a stretch of a session as a new one; the original stays',
  builder: (y) =>
    y.positional('session', session).options({
      ...folderOptions,
      ...jsonOption,
      ...stretch,
      as: { type: 'string', requiresArg: true, describe: 'Id of the new session; default: ID_trim' },
    }),
  async handler(argv) {
    const { found, loaded, folder } = await open(argv);
    const from = argv.from === undefined ? 0 : rowAtSecond(loaded, argv.from);
    const to = argv.to === undefined ? loaded.recording.rows : rowAtSecond(loaded, argv.to);
    checkStretch(argv, loaded, to > from);
    report(argv, await writeSession(folder, cut(loaded, idFor(argv.as ?? `${found.id}_trim`), from, to)));
  },
};

export const sessionsSplitCommand: CommandModule<object, EditArguments & { at?: number[] }> = {
  command: 'split <session>',
  describe: 'Write the pieces of a session as new ones, one a label or cut at times; the original stays',
  builder: (y) =>
    y.positional('session', session).options({
      ...folderOptions,
      ...jsonOption,
      at: {
        type: 'number',
        array: true,
        requiresArg: true,
        describe: 'Seconds at which to cut; default: by label',
      },
    }),
  async handler(argv) {
    const { found, loaded, folder } = await open(argv);
    const pieces = argv.at === undefined ? byLabel(found, loaded) : byTime(found, loaded, argv.at);
    if (pieces.length === 0) throw new UserError(`${found.id}: found no label, expected one, or --at`, 65);
    const written: object[] = [];
    await eachWithProgress(
      'splitting',
      pieces,
      ({ id }) => id,
      async ({ id, from, to }) => {
        written.push(await writeSession(folder, cut(loaded, id, from, to)));
      },
    );
    report(argv, written);
  },
};

function byLabel({ id }: Session, loaded: LoadedSession) {
  return stretchesByLabel(loaded).map(({ from, to, label }, i) => ({
    id: `${id}_${i + 1}_${label}`,
    from,
    to,
  }));
}

function byTime({ id }: Session, loaded: LoadedSession, at: readonly number[]) {
  const rows = [0, ...at.map((s) => rowAtSecond(loaded, s)).sort((a, b) => a - b), loaded.recording.rows];
  // Said before the first piece is written.
  if (rows.slice(1).some((to, i) => to <= rows[i]))
    throw new UserError(
      `${id}: found --at ${at.join(' ')}, expected different times within its ${lengthS(loaded).toFixed(1)} s`,
      64,
    );
  return rows.slice(1).map((to, i) => ({ id: `${id}_${i + 1}`, from: rows[i], to }));
}

async function open(argv: EditArguments) {
  const found = await findSession(argv.session, folderOf(argv));
  return { found, loaded: loadSession(filesOf(found)), folder: dirname(found.parts[0].file) };
}

function idFor(id: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(id)) return id;
  throw new UserError(`--as: found ${JSON.stringify(id)}, expected letters, digits, _ and -`, 64);
}

function report({ json }: { json: boolean }, result: object): void {
  if (json) console.log(JSON.stringify(result, null, 2));
  else if ('labels' in result && Array.isArray(result.labels)) {
    for (const { label, fromS, toS } of result.labels) {
      console.log(`${fromS.toFixed(3).padStart(10)} s to ${toS.toFixed(3).padStart(10)} s  ${label ?? '-'}`);
    }
  } else {
    for (const { file, samples } of [result].flat() as { file: string; samples: number }[]) {
      console.log(`${file}: ${samples} samples`);
    }
  }
}

/** Throws UserError (64) in the words of the options. */
function checkStretch({ from = 0, to }: EditArguments, loaded: LoadedSession, isOne: boolean): void {
  if (isOne) return;
  throw new UserError(
    `${loaded.recording.id}: found --from ${from} --to ${to ?? 'the end'}, expected a stretch within its ${lengthS(loaded).toFixed(1)} s`,
    64,
  );
}

/** From the first sample to the last. */
function lengthS({ recording: { timeUs, rows } }: LoadedSession): number {
  return (timeUs[rows - 1] - timeUs[0]) / 1e6;
}
