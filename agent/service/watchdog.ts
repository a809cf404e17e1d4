/**
 * Decides whether systemd's watchdog is fed. A ping means that data flows from the port to a prediction, or that
 * the device is known to be absent and waited for: never only that a timer fired.
 */
export interface Progress {
  /** Readings taken from the device so far. */
  readings: number;
  /** Windows handed to the model so far. */
  windowsStarted: number;
  /** Windows that came back from the model (or were refused by it) so far. */
  windowsFinished: number;
  /** The port is closed, or open and silent, and the source knows it and goes on trying. */
  deviceAbsent: boolean;
}

/** Why no ping was sent; undefined when all is well. */
export type Stall = 'no readings' | 'model does not answer';

/** Pure: compares the progress of two moments. */
export function findStall(before: Progress, now: Progress): Stall | undefined {
  const waiting = before.windowsStarted > before.windowsFinished;
  if (waiting && now.windowsFinished === before.windowsFinished) return 'model does not answer';
  if (!now.deviceAbsent && now.readings === before.readings) return 'no readings';
  return undefined;
}

/** What systemd asked for, in milliseconds; undefined when it asked for nothing or asked another process. */
export function watchdogPeriodMs(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const us = Number(env.WATCHDOG_USEC);
  if (!Number.isFinite(us) || us <= 0) return undefined;
  if (env.WATCHDOG_PID !== undefined && Number(env.WATCHDOG_PID) !== pid) return undefined;
  return us / 1000;
}

export interface WatchdogOptions {
  /** From `watchdogPeriodMs`. */
  periodMs: number;
  progress: () => Progress;
  feed: () => void;
  /** Called once a stall begins and once it ends (undefined). */
  onStall?: (stall: Stall | undefined) => void;
}

export interface Watchdog {
  stop(): void;
}

/** Looks four times a period, so that one lost ping costs nothing. */
export function startWatchdog(options: WatchdogOptions): Watchdog {
  let before = { ...options.progress() };
  let stalled: Stall | undefined;
  options.feed();
  const timer = setInterval(() => {
    const now = { ...options.progress() };
    const stall = findStall(before, now);
    before = now;
    if (stall !== stalled) options.onStall?.(stall);
    stalled = stall;
    if (!stall) options.feed();
  }, options.periodMs / 4);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
