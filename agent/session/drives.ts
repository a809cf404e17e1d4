import type { Drive } from '../drift/recover/surface-levels.ts';
import { type WindowSpec, windowsOf } from './dataset.ts';
import type { Recording } from './recording.ts';

/** Steps that are cut at once: what is left over at the end of a drive is shorter. */
const piece = 10;

/**
 * What a recording drove, at the model's rate and in its units: every stretch without a gap and on one surface, whole
 * instead of cut into windows. Stretches without a label are left out. Throws DataError as `windowsOf` does.
 */
export function drivesOf(recording: Recording, spec: WindowSpec): Drive[] {
  const drives: { recording: string; label: string; data: number[] }[] = [];
  let last: (typeof drives)[number] | undefined;
  for (const { data, label, afterGap } of windowsOf(recording, { ...spec, steps: piece, stride: piece })) {
    if (label === undefined) {
      last = undefined;
      continue;
    }
    if (last === undefined || afterGap || last.label !== label) {
      last = { recording: recording.id, label, data: [] };
      drives.push(last);
    }
    for (const value of data) last.data.push(value);
  }
  return drives;
}
