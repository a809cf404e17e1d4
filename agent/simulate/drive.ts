import { type RobotOptions, SimulatedRobot } from './robot.ts';

/** How fast a drive goes, and where its bytes go. */
export interface DriveOptions extends RobotOptions {
  /** Seconds of the robot's time for one second of ours. */
  readonly speed: number;
  readonly write: (text: string) => Promise<void>;
  /** Called when the wheels reach another surface. */
  readonly onSurface?: (label: string) => void;
  readonly signal: AbortSignal;
}

const tickMs = 20;
/** After a pause of the process, at most so much is caught up at once. */
const longestTickMs = 500;

/**
 * Lets the simulated robot drive until the signal says stop, writing stamped text lines. Timers only pace it: the
 * stamps are the robot's own time.
 */
export async function drive(options: DriveOptions): Promise<void> {
  const robot = new SimulatedRobot(options);
  let surface = '';
  let owed = 0;
  let lastMs = performance.now();
  while (!options.signal.aborted) {
    await wait(tickMs, options.signal);
    const nowMs = performance.now();
    owed += (Math.min(nowMs - lastMs, longestTickMs) / 1000) * options.speed * options.rateHz;
    lastMs = nowMs;
    let lines = '';
    for (; owed >= 1; owed--) {
      const { timeUs, currentA, label } = robot.next();
      lines += `${(timeUs / 1e6).toFixed(6)},${currentA[0].toFixed(2)},${currentA[1].toFixed(2)}\n`;
      if (label !== surface) {
        surface = label;
        options.onSurface?.(label);
      }
    }
    if (lines !== '') await options.write(lines);
  }
}

function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, delayMs);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
