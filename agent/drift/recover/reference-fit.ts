import type { Resolution } from '../resolution.ts';
import { type LatticeGain, latticeGain } from './lattice-gain.ts';
import { type LevelGain, levelGain, misfitAt } from './level-gain.ts';
import { levelsOfAll } from './levels.ts';
import type { SurfaceLevels } from './surface-levels.ts';

/** What one channel of a drive is against the reference: value = reference * gain + offset. */
export interface ChannelGain {
  readonly gain: number;
  readonly offset: number;
  /** `lattice`: from the step of the sensor's converter, exact. `levels`: from how high the surface's current lies. */
  readonly method: 'lattice' | 'levels';
  /** Standard error of the gain, as a share of it. */
  readonly uncertainty: number;
  /** Where the converter's step is the old one: a load that is heavier by less than this share would not have shown. */
  readonly blindTo?: number;
}

/** A drive on a known surface. */
export interface ReferenceDrive {
  /** By channel: readings in the model's unit, in order, at the rate at which they came. */
  readonly readings: readonly Float64Array[];
  /** The same at the model's rate: steps x channels, row-major. */
  readonly steps: Float64Array;
}

/** What it is compared with. */
export interface ReferenceSurface {
  readonly channels: readonly string[];
  readonly label: string;
  readonly surfaces: Readonly<Record<string, SurfaceLevels>>;
  readonly resolution?: Readonly<Record<string, Resolution>> | undefined;
}

export type ReferenceFit =
  | { readonly channels: readonly ChannelGain[]; readonly misfit: number }
  | { readonly refused: string };

/** A channel that holds one value for this share of the readings is dead or stuck, or too quiet to tell. */
const stuckShare = 0.8;
/** A gain farther from 1 than this is another sensor, or no signal. */
const mostGain = 2.6;
/** Surfaces whose recordings differ by more tell no gain by their level. */
const mostDeviation = 0.2;
/** Further than this (root mean square, in standard deviations) a drive is not on that surface. */
const mostMisfit = 1.35;
/** Another step and the level may disagree by this many standard deviations, before it is another surface. */
const plausible = 4;
/** The old step and a level this many standard deviations off: a load that changed, and not the sensor. */
const loaded = 2;
const leastDeviation = 0.08;
/** Before measuring, a gain is within a factor of 2 of 1 in two cases of three. */
const priorDeviation = 0.7;
/** As a share: what a step is known to, and from where on it is another one. */
const latticeUncertainty = 0.002;
const movedStep = 0.01;

/**
 * The gain and offset of every channel, or why the drive fits none. Where the converter's lattice has another step, that
 * is the gain, if the surface's level agrees. Where it has the old one, the level may still have moved with the load.
 */
export function fitReference(drive: ReferenceDrive, to: ReferenceSurface): ReferenceFit {
  const quiet = to.channels.findIndex((_, c) => mostCommon(drive.readings[c]) > stuckShare);
  if (quiet >= 0)
    return {
      refused: `channel ${to.channels[quiet]} holds one value for ${percent(mostCommon(drive.readings[quiet]))} of the readings: is it dead or stuck?`,
    };
  const lattices = to.channels.map((name, c) => {
    const reference = to.resolution?.[name];
    const lattice = reference && latticeGain(drive.readings[c], reference);
    // Another step whose zero is not the reference's is another converter, and says nothing of the gain.
    return lattice && (lattice.offset !== undefined || !hasMoved(lattice)) ? lattice : undefined;
  });
  const offsets = lattices.map((lattice) => lattice?.offset ?? 0);
  const count = to.channels.length;
  const levels = levelsOfAll(
    drive.steps.map((v, i) => v - offsets[i % count]),
    count,
  );
  const surface = to.surfaces[to.label];
  const found = levelGain(levels, surface.drive);
  // What leaving recordings out showed is worth more than what the covariance of few of them says.
  const level = { ...found, deviation: surface.spread ?? found.deviation };
  const channels = to.channels.map((_, c) => choose(lattices[c], level, c));
  const misfit = misfitOf(levels, to, channels);
  const refused = refusal(channels, lattices, level, misfit, to);
  return refused === undefined ? { channels, misfit } : { refused };
}

function misfitOf(levels: Float64Array, to: ReferenceSurface, channels: readonly ChannelGain[]): number {
  const logs = channels.map((c) => Math.log(c.gain));
  return Math.sqrt(misfitAt(levels, to.surfaces[to.label].drive, logs));
}

function choose(lattice: LatticeGain | undefined, level: LevelGain, c: number): ChannelGain {
  if (
    lattice &&
    (hasMoved(lattice) || level.deviation[c] > mostDeviation || !isOff(lattice, level, c, loaded))
  )
    return {
      gain: lattice.gain,
      offset: lattice.offset ?? 0,
      method: 'lattice',
      uncertainty: latticeUncertainty,
      ...(hasMoved(lattice) ? {} : { blindTo: Math.expm1(loaded * deviationOf(level, c)) }),
    };
  const uncertainty = level.deviation[c];
  const trust = priorDeviation ** 2 / (priorDeviation ** 2 + uncertainty ** 2);
  const gain = Math.exp(trust * level.logGain[c]);
  return { gain, offset: lattice?.offset ?? 0, method: 'levels', uncertainty };
}

function hasMoved({ gain }: LatticeGain): boolean {
  return Math.abs(Math.log(gain)) > movedStep;
}

/** Whether level and lattice are further apart than the surface's recordings explain. */
function isOff(lattice: LatticeGain, level: LevelGain, c: number, deviations: number): boolean {
  return Math.abs(level.logGain[c] - Math.log(lattice.gain)) > deviations * deviationOf(level, c);
}

function deviationOf(level: LevelGain, c: number): number {
  return Math.max(leastDeviation, level.deviation[c]);
}

function refusal(
  channels: readonly ChannelGain[],
  lattices: readonly (LatticeGain | undefined)[],
  level: LevelGain,
  misfit: number,
  to: ReferenceSurface,
): string | undefined {
  const { label } = to;
  const bad = (test: (channel: ChannelGain, c: number) => boolean) => channels.findIndex(test);
  const moved = bad((_, c) => lattices[c] !== undefined && lattices[c].offset === undefined);
  if (moved >= 0)
    return `channel ${to.channels[moved]}: its zero has moved, and this drive does not show where to: run calibrate zero first`;
  const torn = bad(({ method }, c) => method === 'lattice' && isOff(lattices[c]!, level, c, plausible));
  if (torn >= 0)
    return `channel ${to.channels[torn]}: the converter's step says a gain of ${channels[torn].gain.toFixed(2)}, the level of ${label} one of ${Math.exp(level.logGain[torn]).toFixed(2)}: is it another surface?`;
  if (misfit > mostMisfit)
    return `no gain makes this look like ${label}: it is ${misfit.toFixed(1)} standard deviations off, expected at most ${mostMisfit}: is it another surface, or a faulty channel?`;
  const far = bad(({ gain }) => Math.abs(Math.log(gain)) > Math.log(mostGain));
  if (far >= 0)
    return `channel ${to.channels[far]}: a gain of ${channels[far].gain.toFixed(2)} against the reference, expected ${(1 / mostGain).toFixed(2)} to ${mostGain}`;
  const vague = bad(({ method, uncertainty }) => method === 'levels' && uncertainty > mostDeviation);
  if (vague >= 0)
    return `drives on ${label} differ by ${percent(level.deviation[vague])} among themselves, so that their level tells no gain, expected at most ${percent(mostDeviation)}: drive on ${steadiest(to) ?? 'another surface'}`;
  return undefined;
}

/** The surface whose drives are most alike. */
function steadiest({ surfaces }: ReferenceSurface): string | undefined {
  const spread = ([, { drive, spread: own }]: [string, SurfaceLevels]) =>
    Math.max(...(own ?? levelGain(drive.mean, drive).deviation));
  const best = Object.entries(surfaces).sort((a, b) => spread(a) - spread(b))[0];
  return spread(best) <= mostDeviation ? best[0] : undefined;
}

function mostCommon(values: Float64Array): number {
  const counts = new Map<number, number>();
  let most = 0;
  for (const v of values) {
    const count = (counts.get(v) ?? 0) + 1;
    counts.set(v, count);
    if (count > most) most = count;
  }
  return values.length > 0 ? most / values.length : 1;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
