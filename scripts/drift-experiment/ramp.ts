import { stableDrive } from '../../agent/drift/limits.ts';
import type { ModelCard } from '../../agent/model/card.ts';
import { DWELL, Follower, type FollowOptions } from './follow.ts';
import type { JudgedWindow } from './streams.ts';

/** A gain that creeps: how long after its beginning drift is found, and how large it is by then. */
export interface RampResult {
  readonly runs: number;
  /** Share of runs with an alarm while it grows, and in all the time that it was waited for. */
  readonly whileGrowing: number;
  readonly ever: number;
  /** Of the runs with an alarm; null where there is none. */
  readonly medianMinutes: number | null;
  readonly medianGain: number | null;
}

/**
 * Follows drives whose gain grows in steps, `windowsPerStep` windows each, and then stays. `steps[s][i]` is window `i` at
 * step `s`; step 0 is the undisturbed one, which is also driven for as long as a step before it begins.
 */
export function ramp(
  card: ModelCard,
  steps: readonly { readonly gain: number; readonly windows: readonly JudgedWindow[] }[],
  { windowsPerStep, after, runs }: { windowsPerStep: number; after: number; runs: number },
  options: FollowOptions,
): RampResult {
  const indexed = steps[0].windows.map((window, index) => ({ ...window, index }));
  const growing = windowsPerStep * steps.length;
  const found: { window: number; gain: number }[] = [];
  let counted = 0;
  for (let run = 0; run < runs; run++) {
    const follower = new Follower(card, options);
    let at = -windowsPerStep;
    for (const { index } of stableDrive(indexed, windowsPerStep + growing + after, DWELL, 500 + run)) {
      const step = steps[Math.min(steps.length - 1, Math.max(0, Math.floor(at / windowsPerStep)))];
      const { state } = follower.push(step.windows[index]).drift;
      if (state === 'drift' && at < 0) break;
      if (state === 'drift') found.push({ window: at, gain: step.gain });
      if (state === 'drift') break;
      at++;
    }
    if (at >= 0) counted++;
  }
  const byTime = found.sort((a, b) => a.window - b.window);
  const middle = byTime[Math.floor(byTime.length / 2)];
  const windowMinutes = card.stride / card.rateHz / 60;
  return {
    runs: counted,
    whileGrowing: found.filter((f) => f.window < growing).length / counted,
    ever: found.length / counted,
    medianMinutes: middle ? Math.round(middle.window * windowMinutes) : null,
    medianGain: middle?.gain ?? null,
  };
}
