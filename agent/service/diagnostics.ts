import type { Prediction } from '../judge.ts';
import type { Pipeline, PipelineWatcher } from '../pipeline.ts';
import type { DiagnosticsBody } from '../publish/payloads.ts';
import { type Clocks, systemClocks } from '../reporter.ts';
import { signalReport } from '../signal/signal-health.ts';

/** What is counted beside the pipeline; a count that is undefined is not published. */
export type CountedBeside = Pick<
  DiagnosticsBody,
  'commands' | 'pollTimeouts' | 'droppedWrites' | 'lostRecordingSamples'
>;

/** Windows that the latency and the window rate are taken over. */
const kept = 256;

/** Counts and times what a pipeline does, for `diagnostics`, `/metrics` and the dashboard. Bounded. */
export class Diagnostics implements PipelineWatcher {
  windows = 0;
  readonly #pipeline: Pipeline;
  readonly #clocks: Clocks;
  readonly #beside: () => CountedBeside;
  readonly #startedUs: number;
  readonly #inferenceMs = new Float64Array(kept);
  readonly #atUs = new Float64Array(kept);

  constructor(pipeline: Pipeline, beside: () => CountedBeside = () => ({}), clocks: Clocks = systemClocks) {
    this.#pipeline = pipeline;
    this.#beside = beside;
    this.#clocks = clocks;
    this.#startedUs = clocks.nowUs();
  }

  onPrediction(_prediction: Prediction, inferenceMs: number): void {
    const slot = this.windows % kept;
    this.#inferenceMs[slot] = inferenceMs;
    this.#atUs[slot] = this.#clocks.nowUs();
    this.windows++;
  }

  /** All but the connection, which the publisher fills in. */
  body(): Omit<DiagnosticsBody, 'mqtt'> {
    const pipeline = this.#pipeline;
    const { path, decoder, drift } = pipeline.parts;
    const signal = signalReport(path);
    return {
      uptimeS: Math.round((this.#clocks.nowUs() - this.#startedUs) / 1e4) / 100,
      sampleRateHz: finite(path.rate.rateHz()),
      windowRateHz: this.#windowRateHz(),
      bytes: pipeline.bytes,
      discardedBytes: decoder.discarded.bytes,
      discardedFrames: { ...decoder.discarded.frames },
      samples: path.counts.samples,
      windows: this.windows,
      gaps: path.gaps.gaps,
      signal: { ...signal, channels: [...signal.channels] },
      queue: pipeline.waiting,
      droppedWindows: pipeline.droppedWindows + pipeline.failedWindows,
      driftSkippedWindows: drift.skippedWindows,
      inferenceMs: this.#latency(),
      memoryBytes: process.memoryUsage.rss(),
      ...this.#beside(),
    };
  }

  #latency(): { p50: number | null; p99: number | null } {
    const count = Math.min(this.windows, kept);
    if (count === 0) return { p50: null, p99: null };
    const sorted = this.#inferenceMs.slice(0, count).sort();
    const at = (share: number): number => round(sorted[Math.min(count - 1, Math.floor(share * count))]);
    return { p50: at(0.5), p99: at(0.99) };
  }

  /** Over the last windows; falls while none comes. */
  #windowRateHz(): number | null {
    const count = Math.min(this.windows, kept);
    if (count < 2) return null;
    const oldest = this.#atUs[this.windows > kept ? this.windows % kept : 0];
    return finite(((count - 1) * 1e6) / (this.#clocks.nowUs() - oldest));
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? round(value) : null;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
