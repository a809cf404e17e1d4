import type { Dataset } from './dataset.ts';

/** Windows by class, and by recording within it. */
export type WindowCounts = Record<string, { windows: number; recordings: Record<string, number> }>;

export function countWindows({ n, y, labels, recordingIds }: Dataset): WindowCounts {
  const counts: WindowCounts = Object.fromEntries(
    labels.map((label) => [label, { windows: 0, recordings: {} }]),
  );
  for (let i = 0; i < n; i++) {
    const entry = counts[labels[y[i]]];
    entry.windows++;
    entry.recordings[recordingIds[i]] = (entry.recordings[recordingIds[i]] ?? 0) + 1;
  }
  return counts;
}

/**
 * As many windows of each class as of the smallest one (or `perClass`, where that is less), taken as evenly as can be
 * from the recordings of the class, and within a recording evenly over its time: one long drive must not stand for a
 * whole surface. Deterministic; the order of windows is kept. Classes without a window are left out of the minimum.
 */
export function balance(dataset: Dataset, perClass = Number.POSITIVE_INFINITY): Dataset {
  const groups = groupsByClass(dataset);
  const sizes = groups.map((byRecording) => [...byRecording.values()].reduce((sum, g) => sum + g.length, 0));
  const target = Math.min(perClass, ...sizes.filter((size) => size > 0));
  const kept: number[] = [];
  for (const byRecording of groups) {
    const recordings = [...byRecording.values()];
    const shares = evenShares(
      recordings.map((g) => g.length),
      target,
    );
    recordings.forEach((group, r) => {
      for (let i = 0; i < shares[r]; i++) kept.push(group[Math.floor((i * group.length) / shares[r])]);
    });
  }
  return pick(
    dataset,
    kept.sort((a, b) => a - b),
  );
}

/** Splits `total` over groups of the given sizes: nobody gets more than it has, and the shares are as even as can be. */
export function evenShares(sizes: readonly number[], total: number): number[] {
  const shares = sizes.map(() => 0);
  let left = Math.min(
    total,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  while (left > 0) {
    const open = sizes.flatMap((size, i) => (shares[i] < size ? [i] : []));
    const each = Math.max(1, Math.floor(left / open.length));
    for (const i of open) {
      const more = Math.min(each, sizes[i] - shares[i], left);
      shares[i] += more;
      left -= more;
    }
  }
  return shares;
}

function groupsByClass({ n, y, labels, recordingIds }: Dataset): Map<string, number[]>[] {
  const groups = labels.map(() => new Map<string, number[]>());
  for (let i = 0; i < n; i++) {
    const group = groups[y[i]].get(recordingIds[i]);
    if (group === undefined) groups[y[i]].set(recordingIds[i], [i]);
    else group.push(i);
  }
  return groups;
}

function pick(dataset: Dataset, kept: readonly number[]): Dataset {
  const size = dataset.steps * dataset.channels;
  const x = new Float32Array(kept.length * size);
  for (const [to, from] of kept.entries())
    x.set(dataset.x.subarray(from * size, (from + 1) * size), to * size);
  return {
    ...dataset,
    x,
    n: kept.length,
    y: Int32Array.from(kept, (i) => dataset.y[i]),
    recordingIds: kept.map((i) => dataset.recordingIds[i]),
    driveIds: kept.map((i) => dataset.driveIds[i]),
    startUs: Float64Array.from(kept, (i) => dataset.startUs[i]),
  };
}
