/**
 * The chance to draw each window so that every label is equally likely and, within a label, every recording: a long
 * recording is one drive, however many windows it has. They sum to 1.
 */
export function recordingChances(y: ArrayLike<number>, recordings: readonly string[]): Float32Array {
  const perRecording = new Map<string, number>();
  const key = (i: number): string => `${y[i]} ${recordings[i]}`;
  for (let i = 0; i < y.length; i++) perRecording.set(key(i), (perRecording.get(key(i)) ?? 0) + 1);
  const perLabel = new Map<number, number>();
  for (const name of perRecording.keys()) {
    const label = Number.parseInt(name, 10);
    perLabel.set(label, (perLabel.get(label) ?? 0) + 1);
  }
  return Float32Array.from(
    { length: y.length },
    (_, i) => 1 / (perRecording.get(key(i))! * perLabel.get(y[i])! * perLabel.size),
  );
}

/** [count, labels] with 1 - smoothing + smoothing / labels for the true label and smoothing / labels for the others. */
export function targets(y: ArrayLike<number>, labels: number, smoothing = 0): Float32Array {
  const out = new Float32Array(y.length * labels).fill(smoothing / labels);
  for (let i = 0; i < y.length; i++) out[i * labels + y[i]] += 1 - smoothing;
  return out;
}
