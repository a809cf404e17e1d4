import type { Drive } from '../drift/recover/surface-levels.ts';

/** One window of a recording that the model had not seen when it judged it, in the order of the recording. */
export interface HeldOutWindow {
  readonly recording: string;
  /** Index of the true label. */
  readonly truth: number;
  /** After scaling. */
  readonly probabilities: Float32Array;
  /** Input statistics, in the order of `featureNames`. */
  readonly features: Float64Array;
  readonly afterGap: boolean;
  /** The window itself: lets the reference know the lattice of the sensor. */
  readonly data?: Float32Array;
}

/** How windows were cut. */
interface Shape {
  readonly labels: readonly string[];
  readonly channels: readonly unknown[];
  readonly steps: number;
  readonly stride: number;
}

/** Puts windows that overlap together to the drives that they were cut from; those without data are left out. */
export function drivesFrom(windows: readonly HeldOutWindow[], shape: Shape): Drive[] {
  const { labels, channels, steps, stride } = shape;
  const known = Math.max(0, steps - stride) * channels.length;
  const drives: { recording: string; label: string; data: number[] }[] = [];
  let last: (typeof drives)[number] | undefined;
  for (const { data, recording, truth, afterGap } of windows) {
    if (data === undefined) continue;
    const goesOn = !afterGap && last?.recording === recording && last.label === labels[truth];
    if (!goesOn || last === undefined) {
      last = { recording, label: labels[truth], data: [] };
      drives.push(last);
    }
    for (const value of goesOn ? data.subarray(known) : data) last.data.push(value);
  }
  return drives;
}
