import type { Scores } from '../../model/metrics.ts';
import type { EpochResult } from '../epoch-result.ts';
import type { FitResult } from '../fit.ts';
import type { TrainOptions } from './options.ts';

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
