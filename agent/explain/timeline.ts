import type { DriftAction, DriftLevel, Movement } from '../drift/state.ts';
import { play, recordingPipeline } from '../evaluate.ts';
import type { LoadedModel } from '../model/load.ts';
import type { Recording } from '../session/recording.ts';

/** What was said of one window, as the page shows it. */
export interface Moment {
  /** End of the window since the recording began, seconds. */
  readonly atS: number;
  readonly truth: string | undefined;
  readonly label: string;
  readonly surface: string;
  readonly unknown: boolean;
  readonly confidence: number;
  readonly smoothedConfidence: number;
  readonly state: DriftLevel;
  readonly action: DriftAction;
  readonly moved: readonly Movement[];
  readonly estimatedAccuracy: number | undefined;
  /** Input statistics by name, and what the reference expects of each on this surface. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly expected: Readonly<Record<string, number>>;
}

/** What is plotted of the inputs. */
const shown = /\.(mean|std|change)$/;

/** Sends a recording through the pipeline of the live agent and keeps what the page needs of every window. */
export async function timelineOf(
  model: LoadedModel,
  recording: Recording,
  calibration?: Parameters<typeof recordingPipeline>[2],
): Promise<Moment[]> {
  const moments: Moment[] = [];
  const { reference } = model.card;
  const pipeline = recordingPipeline(model, recording, calibration ?? recordedCalibration(recording));
  const { names } = pipeline.parts.features;
  const whole = { ...recording, spans: [{ label: undefined, from: 0, to: recording.rows }] };
  await play(pipeline, whole, ({ prediction }) => {
    const { window, verdict, drift, features } = prediction;
    const expected = reference.inputsByLabel[verdict.smoothedLabel] ?? reference.inputs;
    const inputs = Object.fromEntries(names.map((name, i) => [name, features[i]]));
    const kept = Object.entries(inputs).filter(([name]) => shown.test(name) && expected[name] !== undefined);
    moments.push({
      atS: (window.endUs - recording.timeUs[0]) / 1e6,
      truth: labelAt(recording, window.endUs),
      label: verdict.label,
      surface: verdict.surface,
      unknown: verdict.unknown,
      confidence: verdict.confidence,
      smoothedConfidence: verdict.smoothedConfidence,
      state: drift.state,
      action: drift.action,
      moved: drift.moved,
      estimatedAccuracy: drift.estimatedAccuracy?.value,
      inputs: Object.fromEntries(kept),
      expected: Object.fromEntries(kept.map(([name]) => [name, expected[name].mean])),
    });
  });
  return moments;
}

function recordedCalibration({ file, calibration }: Recording) {
  return calibration && { file, content: calibration };
}

function labelAt({ spans, timeUs }: Recording, atUs: number): string | undefined {
  const span = spans.find(({ to }) => to > 0 && timeUs[to - 1] >= atUs) ?? spans.at(-1);
  return span?.label;
}

/** One number that moved, over the whole recording. */
export interface Moved {
  readonly what: string;
  readonly detector: string;
  /** Windows in which it was beyond its threshold. */
  readonly windows: number;
  readonly firstS: number;
  /** Largest evidence, as a multiple of the threshold, and the values then. */
  readonly worst: number;
  readonly worstS: number;
  readonly reference: number;
  readonly current: number;
}

/** What moved, the strongest evidence first. */
export function movedOver(moments: readonly Moment[]): Moved[] {
  const found = new Map<string, Moved>();
  for (const { atS, moved } of moments) {
    for (const { what, detector, statistic, threshold, reference, current } of moved) {
      const share = statistic / threshold;
      const before = found.get(what);
      const beyond = share >= 1 ? 1 : 0;
      const worse = before === undefined || share > before.worst;
      found.set(what, {
        what,
        windows: (before?.windows ?? 0) + beyond,
        firstS: before?.firstS ?? atS,
        ...(worse
          ? { detector, worst: share, worstS: atS, reference, current }
          : {
              detector: before.detector,
              worst: before.worst,
              worstS: before.worstS,
              reference: before.reference,
              current: before.current,
            }),
      });
    }
  }
  return [...found.values()].sort((a, b) => b.worst - a.worst);
}

/** A stretch of windows with one drift state. */
export interface Stretch {
  readonly state: DriftLevel;
  readonly fromS: number;
  readonly toS: number;
  readonly windows: number;
  /** What moved most in it, and what to do. */
  readonly what: string | undefined;
  readonly action: DriftAction;
}

export function stretchesOf(moments: readonly Moment[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { state, atS, moved, action } of moments) {
    const last = stretches.at(-1);
    const [worst] = moved;
    if (last?.state === state) {
      stretches[stretches.length - 1] = {
        ...last,
        toS: atS,
        windows: last.windows + 1,
        what: last.what ?? worst?.what,
        action: last.action === 'none' ? action : last.action,
      };
    } else stretches.push({ state, fromS: atS, toS: atS, windows: 1, what: worst?.what, action });
  }
  return stretches;
}
