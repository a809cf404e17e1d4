import { createJudge } from '../../assemble.ts';
import { judge, type Prediction } from '../../judge.ts';
import type { ModelCard } from '../../model/card.ts';
import type { LoadedModel } from '../../model/load.ts';
import type { PipelineWatcher } from '../../pipeline.ts';
import { Shadow, Tally } from './shadow.ts';

/** The agent's pipeline, as far as models go. */
export interface ModelHost {
  /** Folder of the model that the configuration names. */
  readonly configuredFolder: string;
  active(): LoadedModel;
  /** The checked card of a model folder. Throws ConfigError. */
  card(folder: string): ModelCard;
  /** Loads a model and checks it against its card and its self-test. Throws ConfigError. */
  load(folder: string): Promise<LoadedModel>;
  /** Takes a model into use between two windows, losing none, and gives back the one before, still open. */
  activate(model: LoadedModel): Promise<LoadedModel>;
  /** Calls the watcher for each window of the model in use; gives a function that ends it. */
  watch(watcher: PipelineWatcher): () => void;
}

/** Windows that may wait for the candidate; more are skipped and counted, the live pipeline never waits. */
const maxWaiting = 4;

/** Runs `candidate` beside the model in use on `windows` live windows. Rejects when `signal` aborts. */
export function runShadow(
  host: ModelHost,
  candidate: LoadedModel,
  windows: number,
  signal: AbortSignal,
): Promise<Shadow> {
  const parts = createJudge(candidate);
  const shadow = new Shadow();
  let waiting = 0;
  let last = Promise.resolve();
  return until(host, signal, (done) => ({
    onPrediction: (prediction, activeMs) => {
      if (waiting >= maxWaiting) {
        shadow.skipped++;
        return;
      }
      waiting++;
      last = last.then(async () => {
        const startMs = performance.now();
        try {
          const other = await judge(parts, prediction.window, candidate.card.rateHz);
          if (isSane(other)) shadow.add(prediction, activeMs, other, performance.now() - startMs);
          else shadow.fail();
        } catch {
          shadow.fail();
        }
        waiting--;
        if (shadow.active.windows >= windows || shadow.candidate.failures > 0) done(shadow);
      });
    },
  }));
}

/** Watches the model in use for `windows` windows; ends at once at the first window that it cannot classify. */
export function runTrial(host: ModelHost, windows: number, signal: AbortSignal): Promise<Tally> {
  const tally = new Tally();
  return until(host, signal, (done) => ({
    onPrediction: (prediction, inferenceMs) => {
      if (!isSane(prediction)) tally.failures++;
      tally.add(prediction.verdict.confidence, prediction.verdict.unknown, inferenceMs);
      if (tally.windows >= windows || tally.failures > 0) done(tally);
    },
    onFailure: () => {
      tally.failures++;
      done(tally);
    },
  }));
}

function until<T>(
  host: ModelHost,
  signal: AbortSignal,
  watcher: (done: (result: T) => void) => PipelineWatcher,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => {
      end();
      reject(signal.reason);
    };
    const end = host.watch(
      watcher((result) => {
        end();
        signal.removeEventListener('abort', abort);
        resolve(result);
      }),
    );
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Probabilities are numbers of 0 to 1 that sum to 1. */
function isSane({ probabilities }: Prediction): boolean {
  let sum = 0;
  for (const p of probabilities) {
    if (!(p >= 0 && p <= 1.001)) return false;
    sum += p;
  }
  return Math.abs(sum - 1) < 1e-3;
}
