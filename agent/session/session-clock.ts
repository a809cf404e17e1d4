/** How the agent's monotonic clock and the time of day hang together in one session. */
export interface SessionClock {
  /** The agent's monotonic clock, microseconds. */
  readonly nowUs: () => number;
  /** One instant on both clocks: the beginning of the session. */
  readonly startUs: number;
  readonly startWallMs: number;
  /** Whether the time of day was synchronised; undefined where that is not known. */
  readonly synchronised: boolean | undefined;
  /** Nanoseconds since 1970 of a point of the monotonic clock; never jumps within a session. */
  toNs(timeUs: number): bigint;
}

export function startSessionClock(
  nowUs: () => number,
  wallMs: () => number,
  synchronised?: boolean | undefined,
): SessionClock {
  const startUs = nowUs();
  const startWallMs = wallMs();
  const startNs = BigInt(Math.round(startWallMs * 1e3)) * 1000n;
  return {
    nowUs,
    startUs,
    startWallMs,
    synchronised,
    toNs: (timeUs) => startNs + BigInt(Math.round((timeUs - startUs) * 1000)),
  };
}
