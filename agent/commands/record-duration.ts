import { UserError } from '../errors.ts';

const maxS = 24 * 3600;
const secondsOf = { h: 3600, m: 60, s: 1 } as const;

/** Seconds of `10m`, `90s`, `1h30m` or a plain number of seconds, up to a day. Throws UserError (64). */
export function parseDuration(option: string, text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : sumOf(text);
  if (seconds > 0 && seconds <= maxS) return seconds;
  throw new UserError(
    `--${option}: found ${JSON.stringify(text)}, expected a time such as 10m, 90s or 1h30m, up to 24h`,
    64,
  );
}

function sumOf(text: string): number {
  const parts = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text);
  if (parts === null) return Number.NaN;
  const [h = 0, m = 0, s = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return h * secondsOf.h + m * secondsOf.m + s * secondsOf.s;
}
