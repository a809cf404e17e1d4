import { existsSync } from 'node:fs';

const keptMs = 10_000;

/**
 * Whether the system's clock was set from the network since it started, as systemd-timesyncd says; null where another
 * program, or none, keeps the time. Asks the file system at most every ten seconds.
 */
export function clockWatch(folder = '/run/systemd/timesync', nowMs = () => performance.now()) {
  let known: boolean | null = null;
  let lookedMs = Number.NEGATIVE_INFINITY;
  return (): boolean | null => {
    if (nowMs() - lookedMs < keptMs) return known;
    lookedMs = nowMs();
    known = existsSync(folder) ? existsSync(`${folder}/synchronized`) : null;
    return known;
  };
}
