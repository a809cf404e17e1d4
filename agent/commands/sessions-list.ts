import type { CommandModule } from 'yargs';
import { readInput, readModel, readNote } from '../session/session-input.ts';
import { findSession, listSessions, type Session } from '../session/session-list.ts';
import {
  bytesText,
  clockText,
  type FolderArguments,
  folderOf,
  folderOptions,
  jsonOption,
  table,
} from './sessions-options.ts';

type ListArguments = FolderArguments & { json: boolean };

export const sessionsListCommand: CommandModule<object, ListArguments> = {
  command: 'list',
  aliases: 'ls',
  describe: 'Sessions with robot, length, labels and state',
  builder: (y) => y.options({ ...folderOptions, ...jsonOption }),
  async handler(argv) {
    const sessions = await listSessions(folderOf(argv));
    if (argv.json) console.log(JSON.stringify(sessions.map(briefly), null, 2));
    else if (sessions.length === 0) console.log(`no session in ${folderOf(argv)}`);
    else
      console.log(
        table([['session', 'robot', 'length', 'size', 'files', 'state', 'labels'], ...sessions.map(row)]),
      );
  },
};

type InfoArguments = ListArguments & { session: string };

export const sessionsInfoCommand: CommandModule<object, InfoArguments> = {
  command: 'info <session>',
  describe: 'All that a session says about itself (exit 65 where it is damaged)',
  builder: (y) =>
    y
      .positional('session', {
        type: 'string',
        demandOption: true,
        describe: 'Id, beginning of an id, file or folder',
      })
      .options({ ...folderOptions, ...jsonOption }),
  async handler(argv) {
    const session = await findSession(argv.session, folderOf(argv));
    const about = details(session);
    if (session.state === 'damaged') process.exitCode = 65;
    if (argv.json) {
      console.log(JSON.stringify(about, null, 2));
      return;
    }
    const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
    const rows = Object.entries(about).filter(([, value]) => value !== undefined && value !== null);
    console.log(table(rows.map(([key, value]) => [key, text(value)])));
  },
};

function briefly({ id, robotId, startTime, durationS, samples, bytes, labelS, state, parts }: Session) {
  return {
    id,
    robotId,
    startTime,
    durationS,
    samples,
    bytes,
    labelS,
    state,
    files: parts.map((p) => p.file),
  };
}

function row({ id, robotId, durationS, bytes, parts, state, labelS }: Session): string[] {
  const labels = Object.entries(labelS).map(([label, s]) => `${label} ${clockText(s)}`);
  const length = state === 'complete' ? clockText(durationS) : '?';
  return [
    id,
    robotId ?? '?',
    length,
    bytesText(bytes),
    String(parts.length),
    state,
    labels.join(', ') || '-',
  ];
}

function details(session: Session) {
  const part = session.parts.find((p) => p.head !== undefined);
  const problems = session.parts.flatMap((p) => (p.problem === undefined ? [] : [p.problem]));
  const brief = { ...briefly(session), problems: problems.length > 0 ? problems : undefined };
  if (part?.head === undefined) return brief;
  const { protocol, calibration, timeBase, nominalRateHz, maxGapS } = readInput(part.file, part.head);
  return {
    ...brief,
    channels: part.head.channels,
    note: readNote(part.head),
    protocol,
    clock: timeBase,
    nominalRateHz,
    maxGapS,
    calibration,
    model: readModel(part.file, part.head),
    program: part.head.metadata.program,
    imported: part.head.metadata.imported,
    recovered: part.head.metadata.recovered,
    cut: part.head.metadata.cut,
  };
}
