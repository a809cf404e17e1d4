import { play, recordingPipeline } from '../evaluate.ts';
import type { Recording } from '../session/recording.ts';
import type { LoadedModel } from './load.ts';
import { type McNemar, mcnemar } from './mcnemar.ts';

/** Two models on the same recordings. */
export interface ModelComparison {
  readonly models: readonly [string, string];
  readonly recordings: number;
  /** Windows that both judged, by the time of their end. */
  readonly windows: number;
  /** Share of them that each got right, every window by itself and smoothed. */
  readonly accuracy: readonly [number, number];
  readonly smoothedAccuracy: readonly [number, number];
  /** Over all windows: too sure of itself where windows overlap. */
  readonly mcnemar: McNemar;
  /** Over windows without overlap. */
  readonly mcnemarWithoutOverlap: McNemar & { readonly windows: number };
}

interface Judged {
  readonly right: boolean;
  readonly smoothedRight: boolean;
  readonly startUs: number;
}

/** Judges every recording with both models. Windows with a label that one of them does not know are passed over. */
export async function compareModels(
  first: LoadedModel,
  second: LoadedModel,
  recordings: Iterable<Recording>,
): Promise<ModelComparison> {
  const pairs: [Judged, Judged][] = [];
  const apart: [Judged, Judged][] = [];
  let count = 0;
  for (const recording of recordings) {
    count++;
    const [a, b] = [await judgedBy(first, recording), await judgedBy(second, recording)];
    let freeUs = Number.NEGATIVE_INFINITY;
    for (const [endUs, own] of a) {
      const other = b.get(endUs);
      if (!other) continue;
      pairs.push([own, other]);
      if (Math.min(own.startUs, other.startUs) <= freeUs) continue;
      apart.push([own, other]);
      freeUs = endUs;
    }
  }
  const share = (of: (j: Judged) => boolean): [number, number] =>
    [0, 1].map((side) => pairs.filter((p) => of(p[side])).length / Math.max(pairs.length, 1)) as [
      number,
      number,
    ];
  const test = (list: readonly [Judged, Judged][]): McNemar =>
    mcnemar(
      list.map(([a]) => a.right),
      list.map(([, b]) => b.right),
    );
  return {
    models: [first, second].map(({ card }) => `${card.name}@${card.version}`) as [string, string],
    recordings: count,
    windows: pairs.length,
    accuracy: share((j) => j.right),
    smoothedAccuracy: share((j) => j.smoothedRight),
    mcnemar: test(pairs),
    mcnemarWithoutOverlap: { ...test(apart), windows: apart.length },
  };
}

async function judgedBy(model: LoadedModel, recording: Recording): Promise<Map<number, Judged>> {
  const { labels } = model.card;
  const found = new Map<number, Judged>();
  await play(recordingPipeline(model, recording), recording, ({ prediction, label }) => {
    const truth = label === undefined ? -1 : labels.indexOf(label);
    if (truth < 0) return;
    found.set(Math.round(prediction.window.endUs), {
      right: top(prediction.probabilities) === truth,
      smoothedRight: top(prediction.verdict.smoothedProbabilities) === truth,
      startUs: prediction.window.startUs,
    });
  });
  return found;
}

const top = (p: ArrayLike<number>): number => {
  let best = 0;
  for (let k = 1; k < p.length; k++) if (p[k] > p[best]) best = k;
  return best;
};
