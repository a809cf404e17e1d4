import type { CommandModule } from 'yargs';
import { findSession, listSessions, type Session } from '../session/session-list.ts';
import { briefly, details } from './session-details.ts';
import { sessionLines } from './session-lines.ts';
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
    console.log(table(sessionLines(about)));
  },
};

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
