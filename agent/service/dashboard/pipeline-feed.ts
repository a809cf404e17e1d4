import type { CalibrationFile } from '../../config/calibration-file.ts';
import type { Prediction } from '../../judge.ts';
import type { ModelCard } from '../../model/card.ts';
import type { Pipeline, PipelineWatcher } from '../../pipeline.ts';
import { type Clocks, systemClocks } from '../../reporter.ts';
import type { Reading } from '../../signal/sample.ts';
import { LiveFeed } from './feed.ts';

/** One channel of the model as the device sends it: `(raw - offset) * gain`. */
interface Channel {
  index: number;
  offset: number;
  gain: number;
}

const resyncMs = 1000;

/** Watches a pipeline for the dashboard: calibrated current of the model's channels, and every prediction. */
export class PipelineFeed implements PipelineWatcher {
  readonly feed: LiveFeed;
  readonly #pipeline: Pipeline;
  readonly #clocks: Clocks;
  readonly #channels: Channel[];
  readonly #values: Float64Array;
  /** Wall ms less monotonic ms; taken anew each second, since wall clocks are set. */
  #offsetMs = 0;
  #syncedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    pipeline: Pipeline,
    card: ModelCard,
    protocolChannels: readonly string[],
    calibration: CalibrationFile | undefined,
    clocks: Clocks = systemClocks,
  ) {
    this.#pipeline = pipeline;
    this.#clocks = clocks;
    this.#channels = card.channels.map(({ name }) => {
      const own = calibration?.channels.find((channel) => channel.name === name);
      const gain = own ? (own.polarity === 'reversed' ? -own.gain : own.gain) : 1;
      return { index: protocolChannels.indexOf(name), offset: own?.offset ?? 0, gain };
    });
    this.#values = new Float64Array(this.#channels.length);
    this.feed = new LiveFeed(this.#channels.length);
  }

  /** Allocates nothing. */
  onReading(reading: Reading, arrivalUs: number): void {
    for (let i = 0; i < this.#channels.length; i++) {
      const { index, offset, gain } = this.#channels[i];
      const value = (reading.values[index] - offset) * gain;
      if (!Number.isFinite(value)) return;
      this.#values[i] = value;
    }
    this.feed.trace.push(this.#wallMs(arrivalUs), this.#values);
  }

  onPrediction({ window, verdict, drift }: Prediction): void {
    const hostUs = this.#pipeline.parts.path.toHostUs(window.endUs);
    this.feed.pushPrediction({
      timeMs: Math.round(this.#wallMs(Number.isNaN(hostUs) ? this.#clocks.nowUs() : hostUs)),
      durationMs: Math.round((window.endUs - window.startUs) / 1000),
      label: verdict.label,
      confidence: round(verdict.confidence),
      surface: verdict.surface,
      probabilities: Array.from(verdict.smoothedProbabilities, round),
      drift: drift.state === 'drift',
      afterGap: window.afterGap,
    });
  }

  #wallMs(monotonicUs: number): number {
    const monotonicMs = monotonicUs / 1000;
    if (monotonicMs - this.#syncedAtMs > resyncMs) {
      this.#syncedAtMs = monotonicMs;
      this.#offsetMs = this.#clocks.nowMs() - this.#clocks.nowUs() / 1000;
    }
    return monotonicMs + this.#offsetMs;
  }
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
