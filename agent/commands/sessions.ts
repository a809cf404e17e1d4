import type { CommandModule } from 'yargs';
import { withExamples } from './examples.ts';
import { sessionsBalanceCommand } from './sessions-balance.ts';
import { sessionsLabelCommand, sessionsSplitCommand, sessionsTrimCommand } from './sessions-edit.ts';
import { sessionsExportCommand, sessionsImportCommand } from './sessions-export.ts';
import { sessionsInfoCommand, sessionsListCommand } from './sessions-list.ts';
import { sessionsRecoverCommand, sessionsVerifyCommand } from './sessions-verify.ts';

export const sessionsCommand: CommandModule = {
  command: 'sessions',
  describe: 'Recorded sessions: look at, repair, label, cut, export, import, balance',
  builder: (y) =>
    y
      .command(
        withExamples(
          [
            sessionsListCommand,
            sessionsInfoCommand,
            sessionsVerifyCommand,
            sessionsRecoverCommand,
            sessionsLabelCommand,
            sessionsTrimCommand,
            sessionsSplitCommand,
            sessionsExportCommand,
            sessionsImportCommand,
            sessionsBalanceCommand,
          ],
          'sessions',
        ),
      )
      .demandCommand(1, 'Name what to do with sessions.'),
  handler: () => undefined,
};
