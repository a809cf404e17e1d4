import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../errors.ts';
import type { Scores } from '../../model/metrics.ts';
import type { Recording } from '../../session/recording.ts';
import type { EpochResult } from '../epoch-result.ts';
import type { FitResult } from '../fit.ts';
import { type TrainOptions, trainOptionsSchema } from './options.ts';

/** What a run folder says about itself: `run.json`, written before the first epoch. */
export interface RunHeader {
  readonly options: TrainOptions;
  readonly dataSha256: string;
  readonly labels: readonly string[];
  readonly parameters: number;
  readonly trainingWindows: number;
  readonly heldOutWindows: number;
  readonly heldOutRecordings: readonly string[];
}

/** How it ended: `result.json`. */
export interface RunResult {
  readonly history: readonly EpochResult[];
  readonly stopped: FitResult['stopped'];
  readonly bestEpoch: number;
  /** Of the final weights: the same for runs that were interrupted and those that were not. */
  readonly weightsSha256: string;
  readonly heldOut: Scores;
  /** Training windows, indices into the data set, with their mean loss over the epochs, largest first; at most 200. */
  readonly hardest: readonly {
    window: number;
    recording: string;
    startS: number;
    label: string;
    loss: number;
  }[];
}

/** Reads `run.json`; DataError where the folder is no run. */
export function readRun(folder: string): { header: RunHeader; result: RunResult | undefined } {
  const file = join(folder, 'run.json');
  if (!existsSync(file))
    throw new DataError({ file, found: 'no such file', expected: 'a folder made by underfoot train' });
  const header = JSON.parse(readFileSync(file, 'utf8')) as RunHeader;
  const options = trainOptionsSchema.parse(header.options);
  const ended = join(folder, 'result.json');
  const result = existsSync(ended) ? (JSON.parse(readFileSync(ended, 'utf8')) as RunResult) : undefined;
  return { header: { ...header, options }, result };
}

/** Of these recordings, those that a run held out. Throws DataError where the folder is no run, or none of them is there. */
export function* heldOutOf(run: string, recordings: Iterable<Recording>): Generator<Recording> {
  const { header } = readRun(run);
  const held = new Set(header.heldOutRecordings);
  let found = 0;
  for (const recording of recordings) {
    if (!held.has(recording.id)) continue;
    found++;
    yield recording;
  }
  if (found > 0) return;
  throw new DataError({
    file: join(run, 'run.json'),
    key: 'heldOutRecordings',
    found: `${[...held].slice(0, 3).join(', ')}, none of them in the data`,
    expected: `recordings of ${header.options.data}`,
  });
}
