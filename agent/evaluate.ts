import { createJudge, createSamplePath, type Input } from './assemble.ts';
import { type EstimatedAccuracy, withInterval } from './drift/accuracy.ts';
import type { DriftMonitor } from './drift/monitor.ts';
import type { GainTracker, TrackedGain } from './drift/recover/gain-tracker.ts';
import type { DriftLevel } from './drift/state.ts';
import type { Prediction } from './judge.ts';
import type { LoadedModel } from './model/load.ts';
import { MetricsAccumulator, type Scores } from './model/metrics.ts';
import { Pipeline } from './pipeline.ts';
import type { Decoder } from './protocol/decoder.ts';
import type { Recording } from './session/recording.ts';
import { createReading } from './signal/sample.ts';

/** A recording needs no decoder; this one has nothing to give. */
const noDecoder: Decoder = {
  append: () => undefined,
  next: () => undefined,
  discarded: { bytes: 0, frames: {} },
  reset: () => undefined,
};

/** A prediction and what the recording says the surface was. */
export interface Judged {
  readonly prediction: Prediction;
  readonly label: string | undefined;
}

/**
 * A pipeline for readings of one recording, begun anew: no smoothing is carried over from another. Only `gain` and `drift`
 * are, where they are given: they belong to the robot.
 */
export function recordingPipeline(
  model: LoadedModel,
  recording: Recording,
  calibration: Input['calibration'] = calibrationOf(recording),
  gain?: GainTracker,
  drift?: DriftMonitor,
): Pipeline {
  const { channels, timeBase, sequenceBits } = recording;
  const path = createSamplePath(
    model.card,
    { channels, timeBase, sequenceBits },
    { ...recording, calibration },
  );
  const judge = createJudge(model, recording.nominalRateHz, gain);
  return new Pipeline({ decoder: noDecoder, path, ...judge, ...(drift && { drift }) });
}

/** The calibration that a session was recorded with; a CSV file has none. */
function calibrationOf({ file, calibration }: Recording): Input['calibration'] {
  return calibration && { file, content: calibration };
}

/** Resolves when the sample of this time (us on the recording's clock) may go. */
export type Pace = (timeUs: number) => Promise<void> | undefined;

/**
 * Sends a recording through a pipeline, as fast as it goes unless paced; no window lies across a change of label. Calls back with
 * every prediction, in order.
 */
export async function play(
  pipeline: Pipeline,
  recording: Recording,
  onJudged: (judged: Judged) => void,
  pace?: Pace,
): Promise<void> {
  const width = recording.channels.length;
  const { breaks = [] } = recording;
  let nextBreak = 0;
  const reading = createReading(width);
  let label: string | undefined;
  const watcher = {
    onPrediction: (prediction: Prediction) => onJudged({ prediction, label }),
    onFailure: (error: Error) => {
      failure ??= error;
    },
  };
  let failure: Error | undefined;
  pipeline.watchers.add(watcher);
  try {
    for (const span of recording.spans) {
      label = span.label;
      if (span.from > 0) pipeline.restart();
      for (let row = span.from; row < span.to; row++) {
        while (breaks[nextBreak] < row) nextBreak++;
        if (breaks[nextBreak] === row && row > span.from) pipeline.restart();
        for (let c = 0; c < width; c++) reading.values[c] = recording.values[row * width + c];
        reading.deviceTicks = recording.ticks[row];
        reading.sequence = recording.sequence?.[row] ?? Number.NaN;
        await pace?.(recording.timeUs[row]);
        pipeline.push(reading, recording.arrivalUs?.[row] ?? Number.NaN);
        if (pipeline.waiting > 0) await pipeline.idle();
      }
      pipeline.finish();
      await pipeline.idle();
      if (failure) throw failure;
    }
  } finally {
    pipeline.watchers.delete(watcher);
  }
}

/** Scores of a model on recordings; null where no window had a label that the model knows. */
export interface Evaluation {
  readonly model: string;
  readonly labels: readonly string[];
  readonly recordings: number;
  /** Windows with a known label: those that the scores are of. */
  readonly windows: number;
  /** Windows without a label, or with one that the model does not know. */
  readonly unscoredWindows: number;
  readonly raw: Scores | null;
  readonly smoothed: Scores | null;
  /** Share of all windows, labelled or not, in each state of drift; they sum to 1, or are 0 without windows. */
  readonly driftStates: Readonly<Record<DriftLevel, number>>;
  /** Share of all windows that fit no label. */
  readonly unknownRate: number;
  /** What the accuracy is, judging by the input alone; null where the card cannot tell or there is no window. */
  readonly estimatedAccuracy: EstimatedAccuracy | null;
  /** What gain tracking corrected at the end, where it was on. */
  readonly trackedGain?: TrackedGain | undefined;
}

/**
 * Judges every recording with a pipeline of its own and scores raw and smoothed decisions. Drift, and `gain` where it is
 * given, go from one recording to the next: they are of one robot, in the order in which they come. Many recordings are
 * shorter than the drift monitor needs to warm up.
 */
export async function evaluate(
  model: LoadedModel,
  recordings: Iterable<Recording>,
  calibration?: Input['calibration'],
  onRecording?: (recording: Recording) => void,
  gain?: GainTracker,
): Promise<Evaluation> {
  const { labels, name, version } = model.card;
  const raw = new MetricsAccumulator(labels);
  const smoothed = new MetricsAccumulator(labels);
  let count = 0;
  let unscoredWindows = 0;
  const trust = new TrustTally(model.card.reference.accuracy);
  let drift: DriftMonitor | undefined;
  for (const recording of recordings) {
    count++;
    onRecording?.(recording);
    const pipeline = recordingPipeline(model, recording, calibration, gain, drift);
    drift = pipeline.parts.drift;
    drift.restartComparisons();
    await play(pipeline, recording, ({ prediction, label }) => {
      trust.add(prediction);
      const truth = label === undefined ? -1 : labels.indexOf(label);
      if (truth < 0) {
        unscoredWindows++;
        return;
      }
      raw.add(truth, prediction.probabilities);
      smoothed.add(truth, prediction.verdict.smoothedProbabilities);
    });
  }
  const scored = raw.windows > 0;
  return {
    model: `${name}@${version}`,
    labels,
    recordings: count,
    windows: raw.windows,
    unscoredWindows,
    raw: scored ? raw.result() : null,
    smoothed: scored ? smoothed.result() : null,
    ...trust.result(),
    ...(gain && { trackedGain: gain.state }),
  };
}

/** What the model says about itself, over windows with and without labels. */
class TrustTally {
  readonly #model: LoadedModel['card']['reference']['accuracy'];
  readonly #states: Record<DriftLevel, number> = { warming: 0, stable: 0, warning: 0, drift: 0 };
  #windows = 0;
  #unknown = 0;
  #chance = 0;

  constructor(model: LoadedModel['card']['reference']['accuracy']) {
    this.#model = model;
  }

  add({ drift, verdict }: Prediction): void {
    this.#windows++;
    this.#states[drift.state]++;
    if (verdict.unknown) this.#unknown++;
    this.#chance += drift.chance ?? 0;
  }

  result(): Pick<Evaluation, 'driftStates' | 'unknownRate' | 'estimatedAccuracy'> {
    const n = this.#windows;
    const share = (count: number) => (n > 0 ? count / n : 0);
    const { warming, stable, warning, drift } = this.#states;
    return {
      driftStates: {
        warming: share(warming),
        stable: share(stable),
        warning: share(warning),
        drift: share(drift),
      },
      unknownRate: share(this.#unknown),
      estimatedAccuracy: this.#model && n > 0 ? withInterval(this.#model, this.#chance / n, n) : null,
    };
  }
}
