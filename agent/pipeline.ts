import { type JudgeParts, judge, type Prediction } from './judge.ts';
import type { Decoder } from './protocol/decoder.ts';
import type { Reading, Window } from './signal/sample.ts';
import type { SamplePath } from './signal/sample-path.ts';

/** The parts of a pipeline; each knows only its own input and output. */
export interface PipelineParts extends JudgeParts {
  readonly decoder: Decoder;
  readonly path: SamplePath;
}

/** What may watch a pipeline; a watcher must not throw and keeps no reading. */
export interface PipelineWatcher {
  onReading?(reading: Reading, arrivalUs: number): void;
  /** The next reading does not continue the last one. */
  onRestart?(): void;
  onPrediction?(prediction: Prediction, inferenceMs: number): void;
  /** The classifier failed on a window, which is lost. */
  onFailure?(error: Error, window: Window): void;
}

/** `rateHz`: at which readings came when the window was whole. Later, when it is judged, chance would have a say. */
interface Waiting {
  readonly window: Window;
  readonly rateHz: number;
}

/** Windows that may wait for the classifier: some minutes of any model, less than a megabyte. */
const maxWaiting = 1024;

/**
 * The one place where the stages are joined:
 *
 *   bytes -> Decoder -> SamplePath -> [waiting windows] -> Classifier -> Decision -> DriftMonitor -> Prediction
 *            (clock, gap, calibration, resampler, window)
 *
 * Live run, replay and evaluation go through here. Up to the window everything is synchronous; predictions come in
 * the order of their windows. A window that finds the queue full is dropped and counted.
 */
export class Pipeline {
  droppedWindows = 0;
  failedWindows = 0;
  bytes = 0;
  readonly watchers = new Set<PipelineWatcher>();
  #parts: PipelineParts;
  readonly #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #judging: Promise<void> | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  get parts(): PipelineParts {
    return this.#parts;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Bytes as they came, and when (us on the agent's monotonic clock; NaN where that is not known). */
  feed(bytes: Uint8Array, arrivalUs: number): void {
    this.bytes += bytes.length;
    const { decoder } = this.#parts;
    decoder.append(bytes);
    for (let reading = decoder.next(); reading !== undefined; reading = decoder.next()) {
      this.push(reading, arrivalUs);
    }
  }

  /** A reading that needs no decoding: from a recording. */
  push(reading: Reading, arrivalUs: number): void {
    for (const watcher of this.watchers) watcher.onReading?.(reading, arrivalUs);
    this.#parts.path.push(reading, arrivalUs);
    this.#collect();
  }

  /** The stream ends here: windows that only waited for a sample after them come out. */
  finish(): void {
    this.#parts.path.finish();
    this.#collect();
  }

  /** The bytes that follow do not continue the ones before: the port was opened again. */
  restart(): void {
    for (const watcher of this.watchers) watcher.onRestart?.();
    this.#parts.decoder.reset();
    this.#parts.path.restart();
  }

  /** Resolves when every window so far has been judged. */
  async idle(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  /**
   * Goes on with other parts from the next window on; none is lost. Resolves when the old parts are done with theirs.
   * A new path makes other windows, so those that wait are judged by the old parts first; its counters go on from those
   * of the old one.
   */
  async swap(change: Partial<PipelineParts>): Promise<void> {
    if (change.path !== undefined) {
      await this.idle();
      change.path.countOn(this.#parts.path);
    }
    this.#parts = { ...this.#parts, ...change };
    await this.#judging;
  }

  #collect(): void {
    const { path } = this.#parts;
    for (let window = path.next(); window !== undefined; window = path.next()) {
      if (this.#waiting.length < maxWaiting) this.#waiting.push({ window, rateHz: path.rate.rateHz() });
      else this.droppedWindows++;
    }
    if (this.#waiting.length > 0) this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#judging = this.#judge(next);
      await this.#judging;
    }
    this.#draining = undefined;
  }

  async #judge({ window, rateHz }: Waiting): Promise<void> {
    const startedMs = performance.now();
    try {
      const prediction = await judge(this.#parts, window, rateHz);
      const inferenceMs = performance.now() - startedMs;
      for (const watcher of this.watchers) watcher.onPrediction?.(prediction, inferenceMs);
    } catch (error) {
      this.failedWindows++;
      for (const watcher of this.watchers) watcher.onFailure?.(error as Error, window);
    }
  }
}
