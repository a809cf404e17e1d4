/** Epochs over which the trend of a loss curve is taken. */
const TREND = 25;

/** With fewer epochs there is no trend to be rough about. */
export const MIN_EPOCHS = TREND;

/** How a loss curve goes down: in one line, or by jumps. */
export interface Fluctuation {
  /** Standard deviation of log10(loss) about its running mean; 0 with fewer than `MIN_EPOCHS`. */
  readonly roughness: number;
  /** Share of epochs whose loss is above the one before. */
  readonly rises: number;
  /** Largest rise from one epoch to the next, as a factor. */
  readonly largestRise: number;
}

export function fluctuation(losses: readonly number[]): Fluctuation {
  const logs = losses.map((v) => Math.log10(Math.max(v, 1e-8)));
  const half = Math.floor(TREND / 2);
  const rest = logs.map((v, i) => {
    const part = logs.slice(Math.max(0, i - half), i + half + 1);
    return v - part.reduce((a, b) => a + b, 0) / part.length;
  });
  // The ends have half a window, and a falling curve would look rough there.
  const inner = rest.slice(half, -half);
  const steps = logs.slice(1).map((v, i) => v - logs[i]);
  return {
    roughness: Math.sqrt(inner.reduce((a, b) => a + b * b, 0) / Math.max(inner.length, 1)),
    rises: steps.filter((d) => d > 0).length / Math.max(steps.length, 1),
    largestRise: 10 ** Math.max(0, ...steps),
  };
}
