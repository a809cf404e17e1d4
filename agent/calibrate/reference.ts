import type { CalibratedChannel, CalibrationFile } from '../config/calibration-file.ts';
import { levelStatistics } from '../drift/recover/levels.ts';
import { type ChannelGain, fitReference } from '../drift/recover/reference-fit.ts';
import type { SurfaceLevels } from '../drift/recover/surface-levels.ts';
import { ConfigError, UserError } from '../errors.ts';
import type { ModelCard } from '../model/card.ts';
import { drivesOf } from '../session/drives.ts';
import type { Recording } from '../session/recording.ts';

/** A channel before: without a valid range it gets one from the drive. */
type ChannelBefore = Omit<CalibratedChannel, 'validRange'> & Partial<Pick<CalibratedChannel, 'validRange'>>;

export interface ReferenceCalibration {
  readonly channels: CalibratedChannel[];
  /** How each channel's gain was found, in the model's order. */
  readonly gains: readonly ChannelGain[];
  /** For the file: `method`. */
  readonly method: string;
  readonly misfit: number;
}

/**
 * Gain and offset of every channel of `card` from drives on one known surface, so that its current lies again where the
 * card's reference says. `before`: the calibration so far, by channel. Throws ConfigError where the card cannot do it,
 * UserError (64) for a label that it does not know, UserError (65) where the drive fits no gain.
 */
export function referenceCalibration(
  recordings: readonly Recording[],
  card: ModelCard,
  label: string,
  before: CalibrationFile['channels'] | undefined,
): ReferenceCalibration {
  const { surfaces, resolution } = card.reference;
  const source = recordings[0].file;
  requireLabel(card, label);
  const known = card.channels.map((channel) => channelBefore(channel, before));
  const spec = { ...card, calibration: known.map((c) => ({ ...c, validRange: c.validRange ?? anything })) };
  const labelled = recordings.map((r) => onlyOn(r, label));
  const drives = labelled.flatMap((r) => drivesOf(r, spec)).filter((d) => d.label === label);
  const steps = Float64Array.from(drives.flatMap((d) => Array.from(d.data)));
  const foundS = steps.length / card.channels.length / card.rateHz;
  if (foundS < card.steps / card.rateHz)
    throw new UserError(
      `${source}: found ${foundS.toFixed(1)} s on ${label}, expected at least ${(card.steps / card.rateHz).toFixed(1)} s without a gap`,
      65,
    );
  const fit = fitReference(
    { readings: known.map((c) => readingsOf(labelled, c, label)), steps },
    { channels: known.map((c) => c.name), label, surfaces: surfaces!, resolution },
  );
  if ('refused' in fit) throw new UserError(`${source}: ${fit.refused}`, 65);
  return {
    channels: known.map((c, i) => recalibrated(c, fit.channels[i], reachOf(surfaces!, i))),
    gains: fit.channels,
    method: describe(fit.channels, card, label, foundS),
    misfit: fit.misfit,
  };
}

const anything: [number, number] = [-Number.MAX_VALUE, Number.MAX_VALUE];

function requireLabel({ name, reference }: ModelCard, label: string): void {
  const { surfaces } = reference;
  if (surfaces === undefined) {
    const found = 'a reference without surfaces';
    const expected = 'a card that knows what each surface draws: make the model anew, or models rebaseline';
    throw new ConfigError([{ file: `${name}/card.json`, key: 'reference.surfaces', found, expected }]);
  }
  if (surfaces[label] !== undefined) return;
  throw new UserError(`--label: found ${label}, expected one of ${Object.keys(surfaces).join(', ')}`, 64);
}

function channelBefore(
  { name, unit, validRange }: ModelCard['channels'][number],
  before: CalibrationFile['channels'] | undefined,
): ChannelBefore {
  const own = before?.find((c) => c.name === name);
  return own ?? { name, unit, offset: 0, gain: 1, ...(validRange && { validRange }) };
}

/** A recording that says nothing of surfaces is one on `label`; one that does counts where it says so. */
function onlyOn(recording: Recording, label: string): Recording {
  if (recording.spans.some((s) => s.label !== undefined)) return recording;
  return { ...recording, spans: [{ label, from: 0, to: recording.rows }] };
}

function readingsOf(recordings: readonly Recording[], channel: ChannelBefore, label: string): Float64Array {
  const gain = channel.polarity === 'reversed' ? -channel.gain : channel.gain;
  const values: number[] = [];
  for (const { channels, spans, values: raw } of recordings) {
    const c = channels.indexOf(channel.name);
    for (const span of spans.filter((s) => s.label === label)) {
      for (let row = span.from; row < span.to; row++) {
        const value = (raw[row * channels.length + c] - channel.offset) * gain;
        if (Number.isFinite(value)) values.push(value);
      }
    }
  }
  return Float64Array.from(values);
}

/** value = reference * g + o, and value = (raw - offset) * gain: so the reference is (raw - offset - o / gain) * gain / g. */
function recalibrated(
  before: ChannelBefore,
  { gain: g, offset: o }: ChannelGain,
  reach: number,
): CalibratedChannel {
  const signed = before.polarity === 'reversed' ? -before.gain : before.gain;
  const { residuals: _, ...rest } = before;
  const toReference = (value: number) => (value - o) / g;
  const [low, high] = before.validRange ?? [];
  return {
    ...rest,
    offset: round(before.offset + o / signed),
    gain: round(before.gain / g),
    validRange:
      low === undefined || high === undefined
        ? [-reach, reach]
        : [round(toReference(low)), round(toReference(high))],
    ...(before.noiseRms === undefined ? {} : { noiseRms: round(before.noiseRms / g) }),
  };
}

/** What no sensor that ever gave this reference exceeds: three times what the heaviest surface draws, in tens. */
function reachOf(surfaces: Readonly<Record<string, SurfaceLevels>>, channel: number): number {
  const at = channel * levelStatistics.length + levelStatistics.indexOf('q98');
  const highest = Math.max(...Object.values(surfaces).map(({ drive }) => Math.exp(drive.mean[at])));
  return 10 * Math.ceil((3 * highest) / 10);
}

function describe(gains: readonly ChannelGain[], card: ModelCard, label: string, seconds: number): string {
  const each = gains.map(({ gain, method, uncertainty, blindTo }, c) => {
    const how =
      method === 'lattice'
        ? "by the step of the sensor's converter"
        : `by the level of the surface, known to ${(100 * uncertainty).toFixed(0)} %`;
    if (blindTo !== undefined)
      return `${card.channels[c].name} is as in the reference (${how}; a load that is up to ${(100 * blindTo).toFixed(0)} % heavier would not show on ${label})`;
    return `${card.channels[c].name} was ${gain.toFixed(3)} times the reference (${how})`;
  });
  return `calibrate reference, ${seconds.toFixed(0)} s on ${label} against ${card.name}@${card.version}: ${each.join('; ')}`;
}

function round(value: number): number {
  return Number(value.toPrecision(9));
}
