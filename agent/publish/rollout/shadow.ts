import type { Prediction } from '../../judge.ts';
import type { ModelReportBody } from '../payloads.ts';

/** What is counted of a model over a number of windows. */
export class Tally {
  windows = 0;
  failures = 0;
  unknown = 0;
  #confidence = 0;
  #latencyMs = 0;

  add(confidence: number, unknown: boolean, latencyMs: number): void {
    this.windows++;
    this.#confidence += confidence;
    this.#latencyMs += latencyMs;
    if (unknown) this.unknown++;
  }

  get meanConfidence(): number {
    return this.windows === 0 ? 0 : this.#confidence / this.windows;
  }

  get meanLatencyMs(): number {
    return this.windows === 0 ? 0 : this.#latencyMs / this.windows;
  }

  get unknownShare(): number {
    return this.windows === 0 ? 0 : this.unknown / this.windows;
  }
}

/** Below the model in use by more than this in mean confidence, or above it in the share of unknown, is worse. */
const shadowMargin = 0.05;
/** After the switch the surface may have changed as well, so more is allowed before going back. */
export const trialMargin = 0.15;

/** Two models over the same windows. */
export class Shadow {
  readonly active = new Tally();
  readonly candidate = new Tally();
  /** Windows that the candidate was not asked about: it was still at work on others. */
  skipped = 0;
  #agreed = 0;

  add(active: Prediction, activeMs: number, candidate: Prediction, candidateMs: number): void {
    this.active.add(active.verdict.confidence, active.verdict.unknown, activeMs);
    this.candidate.add(candidate.verdict.confidence, candidate.verdict.unknown, candidateMs);
    if (active.verdict.label === candidate.verdict.label) this.#agreed++;
  }

  fail(): void {
    this.candidate.failures++;
  }

  /** Why the candidate must not take over, or undefined. `windowIntervalMs`: from one window to the next. */
  objection(windowIntervalMs: number): string | undefined {
    const { active, candidate } = this;
    if (candidate.failures > 0) return `failed on ${candidate.failures} windows`;
    if (candidate.meanLatencyMs > windowIntervalMs / 2) {
      return `takes ${candidate.meanLatencyMs.toFixed(0)} ms a window; a window comes every ${windowIntervalMs.toFixed(0)} ms`;
    }
    return worse(candidate, active, shadowMargin);
  }

  report(): NonNullable<ModelReportBody['shadow']> {
    const { active, candidate } = this;
    return {
      windows: active.windows,
      agreement: active.windows === 0 ? 0 : this.#agreed / active.windows,
      confidenceActive: active.meanConfidence,
      confidenceCandidate: candidate.meanConfidence,
      failures: candidate.failures,
      skipped: this.skipped,
      latencyMs: candidate.meanLatencyMs,
    };
  }
}

/** Whether `now` is worse than `before` by more than `margin`, in words. */
export function worse(now: Tally, before: Tally, margin: number): string | undefined {
  if (now.meanConfidence < before.meanConfidence - margin) {
    return `mean confidence ${now.meanConfidence.toFixed(3)}, before ${before.meanConfidence.toFixed(3)}`;
  }
  if (now.unknownShare > before.unknownShare + margin) {
    return `${percent(now.unknownShare)} of windows unknown, before ${percent(before.unknownShare)}`;
  }
  return undefined;
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
