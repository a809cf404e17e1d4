import type { LabelSpan, Recording } from './session/recording.ts';
import type { PredictionMessage } from './session/topics.ts';

/** What one of two models said about the windows that both judged. */
interface Side {
  readonly model: string;
  readonly windows: number;
  readonly meanConfidence: number;
  /** Of the windows with a label; null where there are none. */
  readonly accuracy: number | null;
  readonly smoothedAccuracy: number | null;
}

/** What changes when one model takes the place of another. */
export interface Comparison {
  /** Windows that both models judged: their ends are less than half a stride apart. */
  readonly windows: number;
  readonly labelled: number;
  readonly before: Side;
  readonly after: Side;
  /** Share of windows with the same label. */
  readonly agreement: number;
  /** How often which label became which other one, most frequent first. */
  readonly changes: readonly { from: string; to: string; windows: number; better: number; worse: number }[];
}

/** Compares two models' predictions for one recording, both in ascending time. */
export function comparePredictions(
  recording: Pick<Recording, 'spans' | 'timeUs'>,
  before: readonly PredictionMessage[],
  after: readonly PredictionMessage[],
): Comparison {
  const pairs = pair(before, after).map(([a, b]) => ({ a, b, truth: truthOf(recording, a) }));
  const same = pairs.filter(({ a, b }) => a.label === b.label).length;
  return {
    windows: pairs.length,
    labelled: pairs.filter(({ truth }) => truth !== undefined).length,
    before: side(pairs.map(({ a, truth }) => ({ prediction: a, truth }))),
    after: side(pairs.map(({ b, truth }) => ({ prediction: b, truth }))),
    agreement: pairs.length === 0 ? Number.NaN : same / pairs.length,
    changes: changesOf(pairs),
  };
}

type Pair = { a: PredictionMessage; b: PredictionMessage; truth: string | undefined };

/** Each prediction of `after` with the one of `before` whose window ended nearest, where that is near enough. */
function pair(
  before: readonly PredictionMessage[],
  after: readonly PredictionMessage[],
): [PredictionMessage, PredictionMessage][] {
  const strideUs =
    before.length > 1 ? Math.min(...before.slice(1).map((p, i) => p.endUs - before[i].endUs)) : 1e6;
  const pairs: [PredictionMessage, PredictionMessage][] = [];
  let i = 0;
  for (const b of after) {
    while (i + 1 < before.length && distance(before[i + 1], b) <= distance(before[i], b)) i++;
    if (i < before.length && distance(before[i], b) < strideUs / 2) pairs.push([before[i], b]);
  }
  return pairs;
}

const distance = (a: PredictionMessage, b: PredictionMessage) => Math.abs(a.endUs - b.endUs);

/** The label of the span that the whole window is in. */
function truthOf(
  { spans, timeUs }: Pick<Recording, 'spans' | 'timeUs'>,
  { startUs, endUs }: PredictionMessage,
): string | undefined {
  const inside = ({ from, to }: LabelSpan) => timeUs[from] <= startUs && endUs <= timeUs[to - 1];
  return spans.find(inside)?.label;
}

function side(rows: readonly { prediction: PredictionMessage; truth: string | undefined }[]): Side {
  const labelled = rows.filter(({ truth }) => truth !== undefined);
  const share = (right: (row: (typeof rows)[number]) => boolean) =>
    labelled.length === 0 ? null : labelled.filter(right).length / labelled.length;
  return {
    model: String(rows[0]?.prediction.model ?? ''),
    windows: rows.length,
    meanConfidence: rows.reduce((sum, { prediction }) => sum + prediction.confidence, 0) / rows.length,
    accuracy: share(({ prediction, truth }) => prediction.label === truth),
    smoothedAccuracy: share(({ prediction, truth }) => prediction.smoothedLabel === truth),
  };
}

function changesOf(pairs: readonly Pair[]): Comparison['changes'] {
  const counts = new Map<
    string,
    { from: string; to: string; windows: number; better: number; worse: number }
  >();
  for (const { a, b, truth } of pairs) {
    if (a.label === b.label) continue;
    const key = `${a.label} ${b.label}`;
    const entry = counts.get(key) ?? { from: a.label, to: b.label, windows: 0, better: 0, worse: 0 };
    entry.windows++;
    if (truth === b.label) entry.better++;
    if (truth === a.label) entry.worse++;
    counts.set(key, entry);
  }
  return [...counts.values()].sort((x, y) => y.windows - x.windows);
}
