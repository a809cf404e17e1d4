import type { LabelTimeline } from './label-timeline.ts';

/** What a list of sessions shows without reading the samples: the last metadata record of a complete file. */
export interface Summary {
  /** All of this file alone. */
  readonly samples: number;
  readonly durationS: number;
  /** Seconds by label; time without a label is not in it. */
  readonly labelS: Record<string, number>;
}

export function summarise(
  samples: number,
  labels: LabelTimeline,
  startUs: number,
  endUs: number,
): Record<string, string> {
  return {
    samples: String(samples),
    durationS: String((endUs - startUs) / 1e6),
    labelS: JSON.stringify(labelSeconds(labels, startUs, endUs)),
  };
}

/** Seconds by label between two points of the agent's clock. */
function labelSeconds(labels: LabelTimeline, startUs: number, endUs: number): Record<string, number> {
  const seconds: Record<string, number> = {};
  const changes = labels.changes();
  changes.forEach(({ label, atUs }, i) => {
    const untilUs = Math.min(changes[i + 1]?.atUs ?? endUs, endUs);
    const s = (untilUs - Math.max(atUs, startUs)) / 1e6;
    if (label !== null && s > 0) seconds[label] = (seconds[label] ?? 0) + s;
  });
  return seconds;
}

export function readSummary(entries: ReadonlyMap<string, string>): Summary {
  return {
    samples: Number(entries.get('samples')),
    durationS: Number(entries.get('durationS')),
    labelS: JSON.parse(entries.get('labelS') ?? '{}') as Record<string, number>,
  };
}
