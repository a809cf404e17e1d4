import type { CalibratedChannel } from '../config/calibration-file.ts';
import { UserError } from '../errors.ts';
import type { Statistic } from '../model/card.ts';
import type { RawChannel } from './raw-collector.ts';

/** The most that a motor at rest may show, in the channel's unit, and where that number comes from. */
interface RestLimit {
  readonly most: number;
  readonly why: string;
}

export interface RestLimits {
  /** Root mean square of the noise, and change from the first to the second half of the measurement. */
  readonly noise: RestLimit;
  readonly change: RestLimit;
  /** Distance from the offset so far; undefined where none is known, so that a steady current cannot be told from zero. */
  readonly level: RestLimit | undefined;
}

/** Share of the valid range that level, noise and change may take. */
const share = 0.05;
/** Of what is drawn in 19 of 20 windows of the model's drives, a motor at rest draws less than this share. */
const drivenShare = 0.5;
/** Noise of an earlier zero may grow so much, and up to this share of the valid range in any case. */
const noiseGrowth = 3;
const noiseShare = 0.005;

/**
 * What readings of a channel with motors off must stay below. `known`: the channel in the calibration so far, undefined
 * where there is none or its sensor was changed. `driven`: mean current of the windows that the model was made with.
 */
export function restLimits(
  { validRange }: Pick<CalibratedChannel, 'validRange'>,
  known: Pick<CalibratedChannel, 'noiseRms'> | undefined,
  driven: Pick<Statistic, 'quantiles'> | undefined,
): RestLimits {
  const range = validRange[1] - validRange[0];
  const ofRange = { most: share * range, why: `${100 * share} % of the valid range` };
  const least = driven?.quantiles[1] ?? 0;
  const ofDrives = { most: drivenShare * least, why: 'half of what driving draws, by the model card' };
  const level = least > 0 && ofDrives.most < ofRange.most ? ofDrives : ofRange;
  return { noise: noiseLimit(known?.noiseRms, range, ofRange), change: ofRange, level: known && level };
}

function noiseLimit(before: number | undefined, range: number, ofRange: RestLimit): RestLimit {
  if (before === undefined) return ofRange;
  const most = Math.max(noiseGrowth * before, noiseShare * range);
  return most < ofRange.most ? { most, why: 'from the noise of the last zero' } : ofRange;
}

/** Throws UserError (65) where readings are not those of a motor at rest. `before` holds offset and gain so far. */
export function requireRest(
  { name, whole, halves }: RawChannel,
  { offset, gain, unit }: CalibratedChannel,
  limits: RestLimits,
): void {
  const found = {
    noise: whole.std * Math.abs(gain),
    change: Math.abs((halves[1].mean - halves[0].mean) * gain),
    level: Math.abs((whole.mean - offset) * gain),
  };
  const words = { noise: 'noise', change: 'change during the measurement', level: 'current' } as const;
  for (const what of ['noise', 'change', 'level'] as const) {
    const limit = limits[what];
    if (limit === undefined || found[what] <= limit.most) continue;
    const hint =
      what === 'change' ? '' : ' After a change of the sensor: underfoot calibrate zero --new-sensor';
    throw new UserError(
      `channel ${name}: ${words[what]} is ${show(found[what])} ${unit}, expected below ${show(limit.most)} ${unit} (${limit.why}): is a motor running?${hint}`,
      65,
    );
  }
}

/** Four digits: for people. */
export function show(value: number): string {
  return String(Number(value.toPrecision(4)));
}
