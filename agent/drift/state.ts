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
}

/** What helps against the largest movement. */
export function actionFor({ kind, what }: Movement): DriftAction {
  if (kind === 'channel' || kind === 'rate') return 'check wiring';
  if (kind === 'calibration') return 'recalibrate';
  if (kind === 'unknown') return 'record';
  if (kind === 'confidence') return 'retrain';
  return ['.mean', '.std', '.change'].some((end) => what.endsWith(end)) ? 'recalibrate' : 'record';
}
