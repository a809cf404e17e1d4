/**
 * Learns a sticky transition matrix from drives whose true label is known window by window: counts, plus `prior`
 * pseudo-windows that a `stay` of its own stands for, so that a change never seen stays possible.
 */
export function learnTransitions(
  drives: readonly ArrayLike<number>[],
  labels: number,
  { stay = 0.9, prior = 20 }: { stay?: number; prior?: number } = {},
): number[][] {
  const counts = Array.from({ length: labels }, (_, from) =>
    Array.from({ length: labels }, (_, to) => prior * (from === to ? stay : (1 - stay) / (labels - 1))),
  );
  for (const drive of drives) for (let i = 1; i < drive.length; i++) counts[drive[i - 1]][drive[i]]++;
  return counts.map((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((c) => c / sum);
  });
}
