import { permutation, randomAt } from './seeded.ts';

/** What a split must know of a recording. */
export interface Splittable {
  readonly id: string;
  readonly label: string;
  /** Recordings with the same group (default: their id) stay together: the same drive twice, or cut in two. */
  readonly group?: string;
}

/**
 * A fold, 0 to k - 1, for every recording: whole groups, each label spread evenly over the folds. Windows of one
 * recording resemble each other, so a split by window measures memory; this one measures what happens on a new drive.
 * `undefined` where a recording is in `always`, which belongs to every training set and is never held out.
 */
export function groupedFolds(
  recordings: readonly Splittable[],
  k: number,
  seed: number,
  always: ReadonlySet<string> = new Set(),
): Map<string, number | undefined> {
  const folds = new Map<string, number | undefined>();
  const labels = [...new Set(recordings.map((r) => r.label))].sort();
  labels.forEach((label, place) => {
    const random = randomAt(seed, place);
    const own = recordings.filter((r) => r.label === label && !always.has(r.id));
    const groups = [...new Set(own.map(groupOf))].sort();
    const order = permutation(groups.length, random);
    const deal = permutation(k, random);
    const foldOf = new Map(groups.map((_, i) => [groups[order[i]], deal[i % k]]));
    for (const recording of own) folds.set(recording.id, foldOf.get(groupOf(recording)));
  });
  for (const { id } of recordings) if (always.has(id)) folds.set(id, undefined);
  return folds;
}

const groupOf = ({ id, group }: Splittable): string => group ?? id;
