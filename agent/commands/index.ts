import type { CommandModule } from 'yargs';
import { announceCommand } from './announce.ts';
import { calibrateCommand } from './calibrate.ts';
import { configCommand } from './config.ts';
import { demoCommand } from './demo.ts';
import { diagnoseCommand } from './diagnose.ts';
import { doctorCommand } from './doctor.ts';
import { driftCommand } from './drift.ts';
import { evaluateCommand } from './evaluate.ts';
import { initCommand } from './init.ts';
import { installCommand, uninstallCommand } from './install.ts';
import { modelsCommand } from './models.ts';
import { portsCommand } from './ports.ts';
import { recordCommand } from './record.ts';
import { replayCommand } from './replay.ts';
import { runCommand } from './run.ts';
import { sessionsCommand } from './sessions.ts';
import { simulateCommand } from './simulate.ts';
import { trainCommand } from './train.ts';
import { watchCommand } from './watch.ts';

/** Every command, in the order in which people meet them. */
// biome-ignore lint/suspicious/noExplicitAny: each module has its own arguments; yargs has no type for a mixed list
export const commands: readonly CommandModule<object, any>[] = [
  demoCommand,
  portsCommand,
  runCommand,
  replayCommand,
  evaluateCommand,
  driftCommand,
  trainCommand,
  diagnoseCommand,
  modelsCommand,
  watchCommand,
  announceCommand,
  recordCommand,
  sessionsCommand,
  configCommand,
  calibrateCommand,
  simulateCommand,
  initCommand,
  doctorCommand,
  installCommand,
  uninstallCommand,
];
