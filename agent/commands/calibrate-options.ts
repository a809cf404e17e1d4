import { UserError } from '../errors.ts';

/** Options that `calibrate zero` and `calibrate gain` share. */
export const calibrateOptions = {
  config: {
    alias: 'c',
    type: 'string',
    demandOption: true,
    requiresArg: true,
    describe: "The robot's configuration: where its readings come from",
  },
  out: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    describe: 'Calibration file to write; default: the one in the configuration',
  },
  channel: { type: 'string', array: true, requiresArg: true, describe: 'Only these channels' },
  range: { type: 'string', requiresArg: true, describe: 'What the sensor can give in A, such as -30,30' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

/** Numbers with commas between them. Throws UserError (64). */
export function parseNumbers(option: string, text: string): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.every(Number.isFinite)) return numbers;
  throw new UserError(
    `--${option}: found ${JSON.stringify(text)}, expected numbers such as 2.0,5.0,10.0`,
    64,
  );
}

export function parseRange(text: string | undefined): [number, number] | undefined {
  if (text === undefined) return undefined;
  const [low, high, ...more] = parseNumbers('range', text);
  if (more.length === 0 && low < high) return [low, high];
  throw new UserError(`--range: found ${JSON.stringify(text)}, expected two ascending numbers`, 64);
}
