import { ArrivalClock } from './arrival-clock.ts';
import { Calibrator } from './calibration.ts';
import type { ChannelCalibration } from './channel-calibration.ts';
import { DeviceClock } from './clock.ts';
import { ClockMap } from './clock-map.ts';
import { GapDetector } from './gap.ts';
import { RateMeter } from './rate.ts';
import { Resampler } from './resampler.ts';
import { createSample, type Reading, type Sample, type Window } from './sample.ts';
import { Windower } from './window.ts';

/** What the stages between a decoder and a model must know. */
export interface SamplePathOptions {
  /** Where each of the model's channels stands in a reading, and how it becomes the card's unit. */
  readonly channels: readonly { readonly index: number; readonly calibration: ChannelCalibration }[];
  /** The device's clock; undefined where it sends no time. */
  readonly timeBase: { readonly tickUs: number; readonly bits?: number | undefined } | undefined;
  readonly sequenceBits?: number | undefined;
  readonly nominalRateHz?: number | undefined;
  readonly maxGapUs?: number | undefined;
  /** Of the model's windows. */
  readonly rateHz: number;
  readonly steps: number;
  readonly stride: number;
}

/** What went through, since the start. */
export interface SamplePathCounts {
  samples: number;
  windows: number;
  restarts: number;
}

/** How often the channels' sensors are judged, in sample time. */
const judgeEveryUs = 2e6;

/**
 * Readings -> windows. The stages, in order:
 *
 *   reading -> DeviceClock | ArrivalClock -> GapDetector -> Calibrator -> Resampler -> Windower -> window
 *
 * Everything happens on the device's own time line, so the same readings give the same windows to the last bit,
 * whenever and in whatever pieces their bytes came. `toHostUs` tells when on the agent's clock a point of it was.
 * One sample allocates nothing; a window is new memory and belongs to whoever takes it.
 */
export class SamplePath {
  readonly counts: SamplePathCounts = { samples: 0, windows: 0, restarts: 0 };
  readonly rate = new RateMeter();
  readonly gaps: GapDetector;
  readonly calibrator: Calibrator;
  readonly #clock: DeviceClock | undefined;
  readonly #arrivals: ArrivalClock | undefined;
  readonly #map = new ClockMap();
  readonly #indices: number[];
  readonly #resampler: Resampler;
  readonly #windower: Windower;
  readonly #raw: Float64Array;
  readonly #sample: Sample;
  readonly #ready: Window[] = [];
  #resets = 0;
  /** Of the path that this one took the place of. */
  #resetsBefore = 0;
  #judgeAtUs = Number.NaN;

  constructor(options: SamplePathOptions) {
    const { nominalRateHz, maxGapUs, sequenceBits } = options;
    this.#indices = options.channels.map((c) => c.index);
    this.#raw = new Float64Array(options.channels.length);
    this.#sample = createSample(options.channels.length);
    this.#clock = options.timeBase && new DeviceClock(options.timeBase);
    this.#arrivals = options.timeBase ? undefined : new ArrivalClock({ rateHz: nominalRateHz });
    this.gaps = new GapDetector({ nominalRateHz, maxGapUs, sequenceBits });
    this.calibrator = new Calibrator(options.channels.map((c) => c.calibration));
    const channels = options.channels.length;
    this.#resampler = new Resampler({ channels, outputRateHz: options.rateHz, inputRateHz: nominalRateHz });
    this.#windower = new Windower({ steps: options.steps, stride: options.stride, channels });
  }

  /** One reading and when its bytes arrived on the agent's monotonic clock (us; NaN where that is not known). */
  push(reading: Reading, arrivalUs: number): void {
    const sample = this.#sample;
    sample.deviceTicks = reading.deviceTicks;
    sample.sequence = reading.sequence;
    sample.arrivalUs = arrivalUs;
    for (let c = 0; c < this.#raw.length; c++) this.#raw[c] = reading.values[this.#indices[c]];
    this.#stamp(sample);
    this.counts.samples++;
    this.rate.push(sample);
    if (this.gaps.push(sample)) this.restart();
    if (!this.calibrator.apply(this.#raw, sample.values)) return;
    if (!(sample.timeUs < this.#judgeAtUs)) this.#judge(sample);
    this.#resampler.push(sample);
    this.#cut();
  }

  /** What is counted "since the start" goes on from another path that this one takes the place of. */
  countOn(before: SamplePath): void {
    Object.assign(this.counts, before.counts);
    this.gaps.gaps += before.gaps.gaps;
    this.gaps.lostSamples += before.gaps.lostSamples;
    this.calibrator.refused += before.calibrator.refused;
    this.#resampler.late += before.#resampler.late;
    this.#resampler.holes += before.#resampler.holes;
    this.#resetsBefore = before.deviceResets;
    this.#map.jumps += before.clockJumps;
  }

  /** The next finished window, or undefined. */
  next(): Window | undefined {
    return this.#ready.shift();
  }

  /** No window lies across this point: a gap, a reset of the device, a change of label or of calibration. */
  restart(): void {
    this.counts.restarts++;
    this.#resampler.reset();
    this.#windower.reset();
  }

  /** The last steps of a recording that ends here: what the resampler still holds back for want of a sample after it. */
  finish(): void {
    this.#resampler.finish();
    this.#cut();
  }

  /** Length of the resampler's look-ahead, in microseconds. */
  get groupDelayUs(): number {
    return this.#resampler.groupDelayUs;
  }

  /** Times that the device started its clock anew. */
  get deviceResets(): number {
    return this.#resetsBefore + (this.#clock?.resets ?? 0);
  }

  /** How much faster the agent's clock runs than the device's; null where the device sends no time. */
  get clockSkewPpm(): number | null {
    return this.#clock ? this.#map.skewPpm : null;
  }

  /** Times that windows began anew: gaps, resets, reconnects, and holes that no gap was. */
  get windowRestarts(): number {
    return this.counts.restarts + this.#resampler.holes;
  }

  /** Samples that were dropped because their time was before that of the newest one. */
  get lateSamples(): number {
    return this.#resampler.late;
  }

  /** Times that the device's line broke by more than a second against the agent's clock. */
  get clockJumps(): number {
    return this.#map.jumps;
  }

  /** When on the agent's monotonic clock (us) a point of the samples' time line was; NaN while that is not known. */
  toHostUs(timeUs: number): number {
    return this.#arrivals ? timeUs : this.#map.toHostUs(timeUs);
  }

  #cut(): void {
    for (let step = this.#resampler.next(); step !== undefined; step = this.#resampler.next()) {
      const window = this.#windower.push(step);
      if (window === undefined) continue;
      this.counts.windows++;
      this.#ready.push(window);
    }
  }

  #judge(sample: Sample): void {
    if (!Number.isNaN(this.#judgeAtUs)) this.calibrator.judge();
    this.#judgeAtUs = sample.timeUs + judgeEveryUs;
  }

  #stamp(sample: Sample): void {
    if (this.#arrivals) {
      this.#arrivals.stamp(sample);
      if (this.#arrivals.restarts !== this.#resets) {
        this.#resets = this.#arrivals.restarts;
        this.restart();
      }
      return;
    }
    const clock = this.#clock!;
    clock.stamp(sample);
    if (clock.resets !== this.#resets) {
      this.#resets = clock.resets;
      this.gaps.reset();
      this.#map.reset();
      this.restart();
    }
    if (!Number.isNaN(sample.arrivalUs)) this.#map.push(sample);
  }
}
