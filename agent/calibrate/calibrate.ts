import type { CalibratedChannel } from '../config/calibration-file.ts';
import { UserError } from '../errors.ts';
import { type CalibrationPoint, fitGain } from '../signal/calibration-fit.ts';
import { type RestLimits, requireRest, show } from './at-rest.ts';
import type { RawChannel } from './raw-collector.ts';

const fewestReadings = 20;
/** Residual of a gain fit, as a share of the largest reference. */
export const defaultTolerance = 0.02;

/**
 * Offset and noise of a channel from readings with motors off. `before` holds its gain and range. Throws UserError (65)
 * where the readings are not those of a motor at rest.
 */
export function zeroChannel(
  raw: RawChannel,
  before: CalibratedChannel,
  limits: RestLimits,
): CalibratedChannel {
  requireReadings(raw);
  requireRest(raw, before, limits);
  const { mean, std } = raw.whole;
  return { ...before, offset: round(mean), noiseRms: round(std * Math.abs(before.gain)) };
}

/**
 * Gain and offset of a channel from readings at known currents. The zero point of `before` takes part where it was
 * measured (it then has a noise figure). Throws UserError (65) where the readings do not lie on a straight line.
 */
export function gainChannel(
  points: readonly { raw: RawChannel; reference: number }[],
  before: CalibratedChannel,
  tolerance = defaultTolerance,
): CalibratedChannel {
  const { name } = points[0].raw;
  for (const { raw } of points) requireReadings(raw);
  const measured: CalibrationPoint[] = points.map(({ raw, reference }) => ({
    raw: raw.whole.mean,
    reference,
  }));
  if (before.noiseRms !== undefined) measured.unshift({ raw: before.offset, reference: 0 });
  const fit = fitGain(measured);
  const seen = points.map(({ raw, reference }) => `${reference} -> ${show(raw.whole.mean)}`).join(', ');
  if (fit === undefined) {
    throw new UserError(
      `channel ${name}: found raw numbers that do not follow the reference (${seen}), expected a straight line: is this the channel that carries the current?`,
      65,
    );
  }
  const largest = Math.max(...measured.map((p) => Math.abs(p.reference)));
  if (fit.residualRms > tolerance * largest) {
    throw new UserError(
      `channel ${name}: found a residual of ${show(fit.residualRms)} ${before.unit} rms (${seen}), expected at most ${show(tolerance * largest)} ${before.unit} (${tolerance * 100} % of the largest reference): was the current steady, and the reference right?`,
      65,
    );
  }
  const { polarity: _, ...rest } = before;
  const gain = Math.abs(fit.gain);
  return {
    ...rest,
    offset: round(fit.offset),
    gain: round(gain),
    ...(fit.gain < 0 ? { polarity: 'reversed' as const } : {}),
    ...(before.noiseRms === undefined ? {} : { noiseRms: round((before.noiseRms / before.gain) * gain) }),
    residuals: fit.residuals.map((r) => Number(r.toFixed(6))),
  };
}

function requireReadings({ name, whole }: RawChannel): void {
  if (whole.count >= fewestReadings) return;
  throw new UserError(
    `channel ${name}: found ${whole.count} readings, expected at least ${fewestReadings}: measure longer (--seconds)`,
    65,
  );
}

/** Nine digits say all that a sensor knows, and read better than 17. */
function round(value: number): number {
  return Number(value.toPrecision(9));
}
