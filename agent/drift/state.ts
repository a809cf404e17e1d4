import type { EstimatedAccuracy } from './accuracy.ts';

/** How far the predictions can be trusted now. */
export type DriftLevel = 'warming' | 'stable' | 'warning' | 'drift';

/** What to do about it. */
export type DriftAction = 'none' | 'recalibrate' | 'record' | 'retrain' | 'check wiring';

/** One number that is not where the model's reference says it should be. */
export interface Movement {
  /** Name of what moved: `curL.mean`, `confidence`, `rate`, `distance`, `curL.stuck`, `curL.resolution`. */
  readonly what: string;
  readonly kind: 'input' | 'confidence' | 'rate' | 'channel' | 'calibration' | 'unknown';
  /** Which detector said so. */
  readonly detector: string;
  /** The detector's statistic, and the threshold from which on it is drift. */
  readonly statistic: number;
  readonly threshold: number;
  /** The value that the reference expects (for the surfaces driven), and the one seen. */
  readonly reference: number;
  readonly current: number;
}

/** State after one window; owned by whoever gets it. */
export interface DriftState {
  readonly state: DriftLevel;
  /** When this state began, on the time line of the windows. */
  readonly sinceUs: number;
  /** Windows since the start or the last reset. */
  readonly windows: number;
  /** Largest first; empty while warming or stable. */
  readonly moved: readonly Movement[];
  readonly action: DriftAction;
  /** How often the last windows' labels are right, without looking at the truth; absent where the card cannot tell. */
  readonly estimatedAccuracy?: EstimatedAccuracy | undefined;
  /** Chance that this window's label is right, likewise. */
  readonly chance?: number | undefined;
}

/**
 * What helps against the movements, largest first. That windows are unlike any known one says least: where something
 * else moved as well, that is the reason.
 */
export function actionFor(moved: readonly Movement[]): DriftAction {
  const { kind, what } = moved.find((m) => m.kind !== 'unknown') ?? moved[0];
  if (kind === 'channel' || kind === 'rate') return 'check wiring';
  if (kind === 'calibration' || what === 'gain') return 'recalibrate';
  if (kind === 'unknown') return 'record';
  if (kind === 'confidence') return 'retrain';
  return ['.mean', '.std', '.change'].some((end) => what.endsWith(end)) ? 'recalibrate' : 'record';
}
