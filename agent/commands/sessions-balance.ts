import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { balance, countWindows, type WindowCounts } from '../session/balance.ts';
import { type Dataset, datasetOf } from '../session/dataset.ts';
import { npzOf } from '../session/export.ts';
import type { Recording } from '../session/recording.ts';
import { listRecordings, readRecordings } from '../session/recordings.ts';
import { writeWholeFile } from '../session/whole-file.ts';
import { eachWithProgress } from './progress.ts';
import {
  type FolderArguments,
  folderOf,
  folderOptions,
  jsonOption,
  table,
  type WindowArguments,
  windowOptions,
  windowSpec,
} from './sessions-options.ts';

type BalanceArguments = FolderArguments &
  WindowArguments & { data?: string; perClass?: number; out?: string; json: boolean };

export const sessionsBalanceCommand: CommandModule<object, BalanceArguments> = {
  command: 'balance',
  describe: 'Windows a class and a recording; choose as many of each class, evenly from its recordings',
  builder: (y) =>
    y.options({
      ...folderOptions,
      ...windowOptions,
      ...jsonOption,
      data: {
        type: 'string',
        requiresArg: true,
        describe: 'Sessions or CSV recordings; default: the folder of sessions',
      },
      'per-class': {
        type: 'number',
        requiresArg: true,
        describe: 'Windows of each class; default: of the smallest',
      },
      out: { alias: 'o', type: 'string', requiresArg: true, describe: 'Write the chosen windows as npz' },
    }),
  async handler(argv) {
    const spec = windowSpec(argv);
    const path = argv.data ?? folderOf(argv);
    const recordings: Recording[] = [];
    await eachWithProgress(
      'reading',
      listRecordings(path),
      (e) => e.id,
      (entry) => {
        recordings.push(...readRecordings(entry));
      },
    );
    const dataset = datasetOf(recordings, spec);
    if (dataset.n === 0) throw new UserError(`${path}: found no labelled window, expected one`, 65);
    const chosen = balance(dataset, argv.perClass);
    if (argv.out !== undefined) {
      const channels = spec.channels.map((c) => c.name);
      writeWholeFile(argv.out, [npzOf(chosen, { channels, rateHz: spec.rateHz })]);
    }
    print(argv, dataset, chosen);
  },
};

function print({ json, out }: BalanceArguments, dataset: Dataset, chosen: Dataset): void {
  const before = countWindows(dataset);
  const after = countWindows(chosen);
  if (json) {
    console.log(
      JSON.stringify({ windows: dataset.n, chosen: chosen.n, before, after, file: out ?? null }, null, 2),
    );
    return;
  }
  console.log(table([['class', 'recording', 'windows', 'chosen'], ...rows(before, after)]));
  console.log(`${chosen.n} of ${dataset.n} windows${out === undefined ? '' : `, written to ${out}`}`);
}

function rows(before: WindowCounts, after: WindowCounts): string[][] {
  return Object.entries(before).flatMap(([label, { windows, recordings }]) => [
    [label, `${Object.keys(recordings).length} recordings`, String(windows), String(after[label].windows)],
    ...Object.entries(recordings).map(([id, n]) => [
      '',
      id,
      String(n),
      String(after[label].recordings[id] ?? 0),
    ]),
  ]);
}
