import { AccuracyEstimator } from './accuracy.ts';
import { FeatureDistance, standardDistance } from './distance.ts';
import { Faults } from './faults.ts';
import { GainEstimator } from './gain.ts';
import { detectorNames, Panel } from './panel.ts';
import type { Reference } from './reference.ts';
import { type Settled, Settling } from './settling.ts';
import { actionFor, type DriftLevel, type DriftState, type Movement } from './state.ts';
import { expectedOf, type Stream, standardise, streamsOf, streamValue } from './streams.ts';

export interface DriftMonitorOptions {
  /** Names of the features pushed, in their order (FeatureExtractor.names). */
  readonly featureNames: readonly string[];
  /** The model's labels, in its order: needed for the estimated accuracy. */
  readonly labels?: readonly string[];
  /** Rate at which readings should come; default: the reference's, or else what the first windows show. */
  readonly rateHz?: number | undefined;
  /** Rate of the model's windows: where readings come at it, the sensor's lattice is looked at. */
  readonly modelRateHz?: number | undefined;
  /** Windows that lie across one moment (overlapOf). Default 3. */
  readonly overlap?: number;
  /** Windows before statistics are believed; a fault is believed after three. Default 10. */
  readonly warmup?: number;
  /** Share of the evidence for drift that is a warning; default 0.8. */
  readonly warningShare?: number;
}

/** One window, as the monitor sees it. */
export interface DriftInput {
  /** End of the window. */
  readonly timeUs: number;
  readonly features: ArrayLike<number>;
  /** The window, steps x channels: lets it look at the sensor's lattice. */
  readonly data?: ArrayLike<number>;
  readonly verdict: {
    readonly label: string;
    readonly smoothedLabel: string;
    readonly confidence: number;
    readonly unknown: boolean;
    readonly surfaceChanged: boolean;
  };
  /** Rate at which the samples of this window came in. */
  readonly rateHz: number;
}

/** Limits where the reference has none: this many times a detector's own threshold. */
const defaultLimit = 1.5;
/** Movements that are told of at most. */
const mostShown = 8;
/** Weight of the newest window in the means that are shown. */
const newest = 0.15;

/**
 * Compares a stream of windows with the card's reference, in constant memory. Every number is standardised by the
 * reference of the surface that is being driven, so that a new surface is not drift. Six detectors follow each number;
 * the evidence of each is divided by the most that stable drives gave (the reference's `limits`), and the largest
 * decides, together with faults that need no statistics.
 */
export class DriftMonitor {
  readonly #reference: Reference;
  readonly #warmup: number;
  readonly #warningShare: number;
  readonly #streams: Stream[];
  readonly #panels: Panel[];
  readonly #limits: Float64Array[];
  readonly #distance: FeatureDistance;
  readonly #gain: GainEstimator | undefined;
  readonly #faults: Faults;
  readonly #accuracy: AccuracyEstimator | undefined;
  readonly #labels: readonly string[];
  readonly #judged = { confidence: 0, distance: 0, gain: Number.NaN };
  readonly #settling: Settling;
  readonly #current: Float64Array;
  readonly #expected: Float64Array;
  #windows = 0;
  #followed = 0;
  #state: DriftLevel = 'warming';
  #sinceUs = 0;
  #resetReason = 'start';

  constructor(reference: Reference, options: DriftMonitorOptions) {
    const {
      featureNames,
      labels,
      rateHz,
      modelRateHz,
      overlap = 3,
      warmup = 10,
      warningShare = 0.8,
    } = options;
    this.#reference = reference;
    this.#warmup = warmup;
    this.#warningShare = warningShare;
    this.#streams = streamsOf(featureNames, reference);
    this.#limits = this.#streams.map(({ name }) => limitsOf(reference, name));
    this.#panels = this.#limits.map((limits) => new Panel(limits[detectorNames.indexOf('cusum')]));
    this.#distance = new FeatureDistance(reference, featureNames);
    this.#gain = reference.gainModel && new GainEstimator(reference.gainModel, featureNames);
    this.#faults = new Faults(reference, featureNames, { expectedHz: rateHz, modelHz: modelRateHz });
    this.#labels = labels ?? [];
    this.#accuracy = labels && reference.accuracy && new AccuracyEstimator(reference.accuracy, labels.length);
    this.#settling = new Settling(this.#streams.length, overlap);
    this.#current = new Float64Array(this.#streams.length);
    this.#expected = new Float64Array(this.#streams.length);
  }

  /** Why it last began anew. */
  get resetReason(): string {
    return this.#resetReason;
  }

  /** Windows across a change of surface, which no detector was shown. */
  get skippedWindows(): number {
    return this.#settling.dropped;
  }

  /** What it follows, and the latest evidence by detector: for experiments and for setting the limits. */
  get streams(): readonly Stream[] {
    return this.#streams;
  }
  get panels(): readonly Panel[] {
    return this.#panels;
  }

  /** Begins anew, for `reason`: an operator's word, another model, another calibration. */
  reset(reason: string): void {
    this.#resetReason = reason;
    this.#windows = 0;
    this.#state = 'warming';
    for (const panel of this.#panels) panel.reset();
    this.#settling.reset();
    this.#followed = 0;
    this.#faults.reset();
    this.#accuracy?.reset();
  }

  /** Time is missing, such as between two recordings: what compares now with before starts anew, the rest goes on. */
  restartComparisons(): void {
    for (const window of this.#settling.flush()) this.#hold(window);
    for (const panel of this.#panels) panel.restartComparisons();
  }

  push(input: DriftInput): DriftState {
    if (this.#windows === 0) this.#sinceUs = input.timeUs;
    this.#windows++;
    this.#follow(input);
    const faults = this.#faults.push(input);
    const moved = this.#windows < this.#warmup ? faults : [...faults, ...this.#movements()];
    moved.sort((a, b) => b.statistic / b.threshold - a.statistic / a.threshold);
    const next = this.#levelOf(moved[0]);
    if (next !== this.#state) {
      this.#state = next;
      this.#sinceUs = input.timeUs;
    }
    const estimatedAccuracy = this.#accuracy?.push({
      labelIndex: this.#labels.indexOf(input.verdict.label),
      confidence: this.#judged.confidence,
      distance: standardDistance(this.#reference, this.#judged.distance),
      gain: this.#judged.gain,
      latticeGain: this.#faults.latticeGain,
    });
    const quiet = next === 'warming' || next === 'stable';
    const shown = quiet
      ? []
      : moved.filter((m) => m.statistic >= m.threshold * this.#warningShare).slice(0, mostShown);
    return {
      state: next,
      sinceUs: this.#sinceUs,
      windows: this.#windows,
      moved: shown,
      action: quiet ? 'none' : actionFor(shown),
      estimatedAccuracy,
      chance: this.#accuracy?.chance,
    };
  }

  #follow({ features, verdict }: DriftInput): void {
    const judged = this.#judged;
    judged.confidence = verdict.confidence;
    judged.distance = this.#distance.of(features);
    judged.gain = this.#gain?.of(features) ?? Number.NaN;
    const { room } = this.#settling;
    this.#streams.forEach((stream, s) => {
      room[s] = streamValue(stream, features, judged);
    });
    for (const window of this.#settling.push(verdict)) this.#hold(window);
  }

  /** Holds a window against the reference of its surface. */
  #hold({ values, label, restart }: Settled): void {
    const weight = Math.max(newest, 1 / ++this.#followed);
    for (let s = 0; s < this.#streams.length; s++) {
      const panel = this.#panels[s];
      const expected = expectedOf(this.#streams[s], this.#reference, label);
      if (restart) panel.restartComparisons();
      panel.push(standardise(values[s], expected));
      this.#current[s] += weight * (values[s] - this.#current[s]);
      this.#expected[s] += weight * (expected.mean - this.#expected[s]);
    }
  }

  /** The strongest detector of each stream that gives a warning. */
  #movements(): Movement[] {
    const moved: Movement[] = [];
    for (let s = 0; s < this.#streams.length; s++) {
      const { severity } = this.#panels[s];
      const limits = this.#limits[s];
      let best = 0;
      for (let d = 1; d < limits.length; d++)
        if (severity[d] / limits[d] > severity[best] / limits[best]) best = d;
      if (severity[best] < limits[best] * this.#warningShare) continue;
      moved.push({
        what: this.#streams[s].name,
        kind: this.#streams[s].kind,
        detector: detectorNames[best],
        statistic: severity[best],
        threshold: limits[best],
        reference: this.#expected[s],
        current: this.#current[s],
      });
    }
    return moved;
  }

  #levelOf(worst: Movement | undefined): DriftLevel {
    const share = worst ? worst.statistic / worst.threshold : 0;
    if (share >= 1) return 'drift';
    if (this.#windows < this.#warmup) return 'warming';
    return share >= this.#warningShare ? 'warning' : 'stable';
  }
}

/** A card that was made before there was a detector does not know its limit: then it has no say. */
function limitsOf({ limits }: Reference, stream: string): Float64Array {
  const missing = limits ? Number.POSITIVE_INFINITY : defaultLimit;
  return Float64Array.from(detectorNames, (d) => limits?.[stream]?.[d] ?? missing);
}
