/** What the dashboard shows: plain data, one type a panel, in the units that the page prints. */

export interface ModelView {
  name: string;
  version: string;
  description: string;
  labels: readonly string[];
  rateHz: number;
  /** Trained on a simulator: the page says so. */
  simulated: boolean;
  engine?: string;
  /** Held-out balanced accuracy, 0 to 1. */
  balancedAccuracy?: number;
  active: boolean;
}

interface ChannelView {
  name: string;
  unit: string;
}

export interface StatusView {
  state: 'online' | 'degraded' | 'offline';
  /** Why it is not plainly online, in words. */
  reasons: readonly string[];
}

export interface DriftView {
  state: 'warming' | 'stable' | 'warning' | 'drift' | 'unknown';
  /** What moved, in words; empty when stable. */
  reasons: readonly string[];
  sinceMs?: number;
}

export interface RecordingView {
  active: boolean;
  session?: string;
  label?: string;
  startedMs?: number;
  bytes?: number;
  freeBytes?: number;
}

/** Everything that is shown whole and changes slowly. */
export interface StateView {
  robotId: string;
  version: string;
  startedMs: number;
  /** Wall clock of the robot when this was put together, by which the age of a window is told; each second anew. */
  nowMs: number;
  source: string;
  broker: string;
  channels: readonly ChannelView[];
  model?: ModelView;
  /** Where the confidence of known windows lies: 5th, 50th and 95th percentile on held-out recordings. */
  confidenceBand?: { low: number; middle: number; high: number };
  status: StatusView;
  drift: DriftView;
  recording: RecordingView;
  /** Tiles in reading order. */
  figures: readonly Figure[];
  can: { record: boolean; sessions: boolean; models: boolean };
}

/** One tile: a figure with its name and unit; `alarm` colours it. */
export interface Figure {
  name: string;
  value: string;
  unit?: string;
  alarm?: boolean;
}

/** One classified window. */
export interface PredictionView {
  /** Wall time of the end of the window, ms since 1970. */
  timeMs: number;
  /** How long the window was, in ms. */
  durationMs: number;
  /** What the model said of this window alone. */
  label: string;
  confidence: number;
  /** Smoothed decision; `unknown` where no label fits. */
  surface: string;
  /** Smoothed probabilities, in the order of the model's labels. */
  probabilities: readonly number[];
  drift: boolean;
  /** No window before this one belongs to it: a start, a gap or a reset. */
  afterGap: boolean;
}

export interface SessionView {
  id: string;
  startedMs: number;
  durationS: number;
  labels: readonly string[];
  bytes: number;
  /** Still being written, or left behind by a power cut. */
  partial: boolean;
}
