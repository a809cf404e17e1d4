import { rateHealth } from './rate.ts';
import type { SamplePath } from './sample-path.ts';

/** What the stages between a decoder and a model have seen since the start, and how the sensors are. */
export interface SignalReport {
  readonly lostSamples: number;
  readonly refusedSamples: number;
  readonly lateSamples: number;
  readonly windowRestarts: number;
  readonly deviceResets: number;
  /** How much faster the agent's clock runs than the device's; null where the device sends no time. */
  readonly clockSkewPpm: number | null;
  readonly clockJumps: number;
  /** From the time of a step to the sample that lets it out of the resampler; null while the rate is not known. */
  readonly delayS: number | null;
  readonly channels: {
    readonly name: string;
    readonly outOfRange: number;
    readonly saturated: boolean;
    readonly stuck: boolean;
    readonly reversed: boolean;
  }[];
}

/** The path's counters and sensor states, for diagnostics. */
export function signalReport(path: SamplePath): SignalReport {
  const delayUs = path.groupDelayUs;
  return {
    lostSamples: path.gaps.lostSamples,
    refusedSamples: path.calibrator.refused,
    lateSamples: path.lateSamples,
    windowRestarts: path.windowRestarts,
    deviceResets: path.deviceResets,
    clockSkewPpm: path.clockSkewPpm,
    clockJumps: path.clockJumps,
    delayS: Number.isFinite(delayUs) ? delayUs / 1e6 : null,
    channels: path.calibrator.reports.map(({ name, outOfRange, saturated, stuck, reversed }) => ({
      name,
      outOfRange,
      saturated,
      stuck,
      reversed,
    })),
  };
}

const sameRate = 0.1;
const memoryUs = 60e6;
/** Single gaps happen; so many within the memory mean that something is wrong. */
const manyGaps = 3;
/** Share of the samples that may be refused before it is said. */
const refusedShare = 0.01;
/** Looks that are kept: one a second for the length of the memory, and one from before it. */
const maxLooks = 61;

interface Look {
  readonly atUs: number;
  readonly gaps: number;
  readonly refused: number;
  readonly samples: number;
}

/**
 * Says why the samples cannot be trusted fully, one sentence a reason, from looks at a path about once a second to once a
 * minute. Looks at another path (a model was swapped) begin anew.
 */
export class SignalHealth {
  #looks: Look[] = [];
  /** The rate that was last complained about, and the words. */
  #saidHz = Number.NaN;
  #said: string | undefined;

  /** `silent`: no bytes have come for some time, which the samples themselves cannot tell. */
  reasons(
    path: SamplePath,
    expected: { configuredHz?: number | undefined; modelHz: number; silent: boolean },
    nowUs: number,
  ): string[] {
    const { configuredHz, modelHz, silent } = expected;
    const measuredHz = silent ? 0 : path.rate.rateHz();
    const rate = this.#rateReason(measuredHz, configuredHz, modelHz);
    const { gaps, refused, samples } = this.#since(path, nowUs);
    const reasons = rate === undefined ? [] : [rate];
    if (gaps >= manyGaps) {
      reasons.push(`${manyGaps} gaps or more in the data within a minute: each restarts the window`);
    }
    if (refused > refusedShare * samples) {
      reasons.push(`more than ${refusedShare * 100} % of the samples within a minute were no finite numbers`);
    }
    return [...reasons, ...path.calibrator.faults];
  }

  /** Keeps its words while the rate stays within a tenth, so that a status is not published for every wobble. */
  #rateReason(measuredHz: number, configuredHz: number | undefined, modelHz: number): string | undefined {
    const health = rateHealth({ measuredHz, configuredHz, modelHz });
    if (health.state === 'ok') {
      this.#said = undefined;
    } else if (this.#said === undefined || !(Math.abs(measuredHz / this.#saidHz - 1) < sameRate)) {
      this.#said = health.reason;
      this.#saidHz = measuredHz;
    }
    return this.#said;
  }

  /** What happened within the memory. */
  #since(path: SamplePath, nowUs: number): Look {
    const now = {
      atUs: nowUs,
      gaps: path.gaps.gaps,
      refused: path.calibrator.refused,
      samples: path.counts.samples,
    };
    const last = this.#looks.at(-1);
    if (last && last.samples > now.samples) this.#looks = [];
    this.#looks.push(now);
    while (
      this.#looks.length > maxLooks ||
      (this.#looks.length > 1 && this.#looks[1].atUs <= nowUs - memoryUs)
    ) {
      this.#looks.shift();
    }
    const [first] = this.#looks;
    return {
      atUs: nowUs,
      gaps: now.gaps - first.gaps,
      refused: now.refused - first.refused,
      samples: now.samples - first.samples,
    };
  }
}
