import type { CommandModule } from 'yargs';
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
      .command(sessionsListCommand)
      .command(sessionsInfoCommand)
      .command(sessionsVerifyCommand)
      .command(sessionsRecoverCommand)
      .command(sessionsLabelCommand)
      .command(sessionsTrimCommand)
      .command(sessionsSplitCommand)
      .command(sessionsExportCommand)
      .command(sessionsImportCommand)
      .command(sessionsBalanceCommand)
      .demandCommand(1, 'Name what to do with sessions.'),
  handler: () => undefined,
};
