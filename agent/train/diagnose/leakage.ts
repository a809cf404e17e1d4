import type { Recording } from '../../session/recording.ts';

/** Two recordings with the same readings in them. */
export interface Repeat {
  readonly first: string;
  readonly second: string;
  /** Share of the shorter one's readings that the other has as well, in runs. */
  readonly share: number;
}

/** Readings in a row that must agree: noise does not repeat so many by chance. */
const RUN = 12;

/** Pairs of recordings that repeat one another in whole or in part, most first. A run that stands still does not count. */
export function repeatedRecordings(recordings: readonly Recording[]): Repeat[] {
  const seen = new Map<string, Set<number>>();
  recordings.forEach((recording, index) => {
    for (const run of runsOf(recording)) {
      const own = seen.get(run);
      if (own) own.add(index);
      else seen.set(run, new Set([index]));
    }
  });
  const shared = new Map<string, number>();
  for (const places of seen.values()) {
    if (places.size < 2) continue;
    const list = [...places];
    for (let i = 0; i < list.length; i++)
      for (let k = i + 1; k < list.length; k++) {
        const pair = `${list[i]} ${list[k]}`;
        shared.set(pair, (shared.get(pair) ?? 0) + 1);
      }
  }
  return [...shared]
    .map(([pair, runs]) => {
      const [a, b] = pair.split(' ').map((i) => recordings[Number(i)]);
      const shorter = Math.max(1, Math.min(a.rows, b.rows) - RUN + 1);
      return { first: a.id, second: b.id, share: Math.min(1, runs / shorter) };
    })
    .sort((a, b) => b.share - a.share);
}

function* runsOf({ values, rows, channels }: Recording): Generator<string> {
  const width = channels.length;
  for (let row = 0; row + RUN <= rows; row++) {
    const part = values.subarray(row * width, (row + RUN) * width);
    const moving = new Set(Array.from({ length: RUN }, (_, i) => part[i * width]));
    if (moving.size > RUN / 2) yield part.join(' ');
  }
}
