import type { Dataset } from '../../session/dataset.ts';
import { groupedFolds } from '../split.ts';

/**
 * Which drives to hold out: one of `folds` parts of each label's, whole. A drive over several surfaces counts for the one
 * that it has most windows of, and goes to one side with all of them. What no other drive has is trained on and not judged.
 *
 * @param drives (labels) windows of each label, by drive
 */
export function heldOutDrives(
  drives: ReadonlyMap<string, readonly number[]>,
  folds: number,
  seed: number,
): Set<string> {
  const all = [...drives].map(([id, windows]) => ({
    id,
    main: windows.indexOf(Math.max(...windows)),
    labels: [...windows.keys()].filter((k) => windows[k] > 0),
  }));
  const labels = [...new Set(all.flatMap((d) => d.labels))].sort((a, b) => a - b);
  /** Drives that are trained on, by label. */
  const left = new Map(labels.map((k) => [k, all.filter((d) => d.labels.includes(k)).length]));
  const spare = (drive: (typeof all)[number]) => drive.labels.every((k) => (left.get(k) as number) > 1);
  const candidates = all.filter(spare);
  const most = Math.max(2, ...labels.map((k) => all.filter((d) => d.main === k).length));
  // Folds are dealt label by label in the order of text: padded, that is the order of the data set's labels.
  const foldOf = groupedFolds(
    candidates.map(({ id, main }) => ({ id, label: String(main).padStart(6, '0') })),
    Math.min(folds, most),
    seed,
  );
  const fold = ({ id }: { id: string }) => foldOf.get(id) as number;
  const held = new Set<string>();
  const hold = (drive: (typeof all)[number]) => {
    if (held.has(drive.id) || !spare(drive)) return;
    held.add(drive.id);
    for (const k of drive.labels) left.set(k, (left.get(k) as number) - 1);
  };
  for (const k of labels) {
    const own = candidates.filter((d) => d.main === k);
    // Few drives leave some folds without any: the lowest fold that has one is held out.
    const lowest = Math.min(...own.map(fold));
    for (const drive of own) if (fold(drive) === lowest) hold(drive);
  }
  for (const k of labels) {
    // A label that is never the main one would not be judged: of the drives that have it, one is held out.
    const having = candidates.filter((d) => d.labels.includes(k)).sort((a, b) => fold(a) - fold(b));
    for (const drive of having) if (!having.some((d) => held.has(d.id))) hold(drive);
  }
  return held;
}

/** Of these windows of a data set, those that are held out by drive. */
export function heldOutWindows(
  { driveIds, labels, y }: Dataset,
  windows: readonly number[],
  { folds, seed }: { folds: number; seed: number },
): Set<number> {
  const drives = new Map<string, number[]>();
  for (const i of windows) {
    const counts = drives.get(driveIds[i]) ?? labels.map(() => 0);
    counts[y[i]]++;
    drives.set(driveIds[i], counts);
  }
  const held = heldOutDrives(drives, folds, seed);
  return new Set(windows.filter((i) => held.has(driveIds[i])));
}
