import { spawnSync } from 'node:child_process';
import type { Config } from '../../config/schema.ts';
import type { LoadedModel } from '../../model/load.ts';

/** What one check found. `warning`: works, but look at it; `skipped`: could not be checked here, and `found` says why. */
export interface CheckResult {
  name: string;
  outcome: 'ok' | 'warning' | 'problem' | 'skipped';
  found: string;
  /** What to do about it; always there for a warning and a problem. */
  todo?: string;
}

/** What checks are made with; filled in as they go. */
export interface Patient {
  configFile: string;
  /** Of the service: where sessions, models and the outbox are. */
  stateFolder: string;
  listenS: number;
  run: RunProgram;
  config?: Config;
  model?: LoadedModel;
}

export type Check = (patient: Patient) => Promise<CheckResult> | CheckResult;

export interface ProgramResult {
  /** NaN when the program is not there. */
  code: number;
  output: string;
}
export type RunProgram = (command: string, args: readonly string[]) => ProgramResult;

export const runProgram: RunProgram = (command, args) => {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 15_000, maxBuffer: 32 << 20 });
  return { code: result.status ?? Number.NaN, output: `${result.stdout ?? ''}${result.stderr ?? ''}`.trim() };
};

export const ok = (name: string, found: string): CheckResult => ({ name, outcome: 'ok', found });
export const warning = (name: string, found: string, todo: string): CheckResult => ({
  name,
  outcome: 'warning',
  found,
  todo,
});
export const problem = (name: string, found: string, todo: string): CheckResult => ({
  name,
  outcome: 'problem',
  found,
  todo,
});
export const skipped = (name: string, found: string): CheckResult => ({ name, outcome: 'skipped', found });
