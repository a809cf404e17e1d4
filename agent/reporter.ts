import type { TrackedGain } from './drift/recover/gain-tracker.ts';
import type { Prediction } from './judge.ts';
import type { ModelCard } from './model/card.ts';
import type { Pipeline, PipelineWatcher } from './pipeline.ts';
import type { DriftBody, PredictionBody, SurfaceBody } from './publish/payloads.ts';

/** Where reports go; the publisher is one. */
export interface ReportSink {
  publishPrediction(body: PredictionBody): void;
  publishSurface(body: SurfaceBody): void;
  publishDrift(body: DriftBody): void;
}

/** The agent's clocks, passed in: monotonic microseconds (the time line of arrivals) and wall time. */
export interface Clocks {
  nowUs(): number;
  nowMs(): number;
}

export const systemClocks: Clocks = {
  nowUs: () => Math.round(performance.now() * 1000),
  nowMs: () => Date.now(),
};

/** Turns predictions into messages: every prediction, the surface when it changes, the drift when its state changes. */
export class Reporter implements PipelineWatcher {
  readonly #pipeline: Pipeline;
  readonly #sink: ReportSink;
  readonly #clocks: Clocks;
  #surface: string | null = null;
  #driftKey = '';
  /** The estimated accuracy that was published last. */
  #accuracy = 1;

  constructor(pipeline: Pipeline, sink: ReportSink, clocks: Clocks = systemClocks) {
    this.#pipeline = pipeline;
    this.#sink = sink;
    this.#clocks = clocks;
  }

  onPrediction(prediction: Prediction): void {
    const body = this.#body(prediction);
    this.#sink.publishPrediction(body);
    this.#reportSurface(prediction, body);
    this.#reportDrift(prediction);
  }

  #body({ card, window, probabilities, verdict, drift }: Prediction): PredictionBody {
    const { labels, name, version } = card;
    const byLabel = (p: Float32Array) => Object.fromEntries(labels.map((label, i) => [label, p[i]]));
    const hostUs = this.#pipeline.parts.path.toHostUs(window.endUs);
    return {
      windowIndex: window.index,
      startUs: window.startUs,
      endUs: window.endUs,
      windowStart: this.#wallTime(window.startUs),
      windowEnd: this.#wallTime(window.endUs),
      label: verdict.label,
      confidence: verdict.confidence,
      probabilities: byLabel(probabilities),
      smoothedLabel: verdict.smoothedLabel,
      smoothedConfidence: verdict.smoothedConfidence,
      smoothedProbabilities: byLabel(verdict.smoothedProbabilities),
      margin: verdict.margin,
      entropy: verdict.entropyNats,
      unknown: verdict.unknown,
      surface: verdict.surface,
      drift: drift.state === 'drift',
      ...(drift.estimatedAccuracy && { estimatedAccuracy: drift.estimatedAccuracy }),
      afterGap: window.afterGap,
      latencyMs: Number.isNaN(hostUs) ? 0 : Math.max(0, (this.#clocks.nowUs() - hostUs) / 1000),
      model: `${name}@${version}`,
    };
  }

  #reportSurface({ verdict, drift, window }: Prediction, body: PredictionBody): void {
    if (verdict.surface === this.#surface) return;
    this.#sink.publishSurface({
      label: verdict.surface,
      previous: this.#surface,
      confidence: verdict.smoothedConfidence,
      unknown: verdict.unknown,
      drift: drift.state === 'drift',
      since: body.windowEnd,
      windowIndex: window.index,
    });
    this.#surface = verdict.surface;
  }

  /** When its state changes, and when a tracked gain has moved by another 2 % or the estimated accuracy by 0.05. */
  #reportDrift({ card, drift, gain }: Prediction): void {
    const tracked = gain?.gain.map((g) => Math.round(Math.log(g) / 0.02)).join();
    const key = `${drift.state} ${drift.moved.map((m) => m.what).join(' ')} ${tracked}`;
    const estimate = drift.estimatedAccuracy;
    const moved = estimate && Math.abs(estimate.value - this.#accuracy) >= 0.05 && drift.windows >= 10;
    if (key === this.#driftKey && !moved) return;
    this.#driftKey = key;
    this.#accuracy = estimate?.value ?? 1;
    this.#sink.publishDrift({
      state: drift.state,
      since: this.#wallTime(drift.sinceUs),
      moved: [...drift.moved],
      action: drift.action,
      windows: drift.windows,
      ...(estimate && { estimatedAccuracy: estimate }),
      ...(gain && { gain: gainBody(card, gain) }),
    });
  }

  /** Wall time of a point on the samples' time line; now, where the mapping is not known. */
  #wallTime(timeUs: number): string {
    const hostUs = this.#pipeline.parts.path.toHostUs(timeUs);
    const agoMs = Number.isNaN(hostUs) ? 0 : (this.#clocks.nowUs() - hostUs) / 1000;
    return new Date(this.#clocks.nowMs() - agoMs).toISOString();
  }
}

function gainBody({ channels }: ModelCard, tracked: TrackedGain): NonNullable<DriftBody['gain']> {
  const named = (values: readonly number[]) =>
    Object.fromEntries(channels.map(({ name }, c) => [name, values[c]]));
  const { gain, byLattice, byLevels, evidenceNats } = tracked;
  return { byChannel: named(gain), byLattice: named(byLattice), byLevels, evidenceNats };
}
