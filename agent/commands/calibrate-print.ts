import type { RawChannel } from '../calibrate/raw-collector.ts';
import type { CalibratedChannel, CalibrationFile } from '../config/calibration-file.ts';
import { UserError } from '../errors.ts';

/** What was measured of one channel. Throws UserError (65) where the protocol does not carry it. */
export function findRaw(raw: readonly RawChannel[], name: string): RawChannel {
  const channel = raw.find((c) => c.name === name);
  if (channel) return channel;
  throw new UserError(
    `protocol: found channels ${raw.map((c) => c.name).join(', ')}, expected ${name}, which the model needs`,
    65,
  );
}

/** A calibration that no configuration names is never used. */
export function printNext(
  config: { calibration?: string | undefined },
  configFile: string,
  file: string,
): void {
  if (config.calibration === undefined) console.log(`Next: in ${configFile} say  calibration: ${file}`);
}

/** The channels as lines for a person, or the file's content as JSON. */
export function printChannels(
  file: string,
  content: CalibrationFile,
  channels: readonly CalibratedChannel[],
  json: boolean,
): void {
  if (json) {
    console.log(JSON.stringify({ file, ...content }, null, 2));
    return;
  }
  console.log(`${file}: robot ${content.robot}, ${content.created}${content.by ? ` by ${content.by}` : ''}`);
  if (content.method) console.log(`method: ${content.method}`);
  for (const c of channels) {
    const parts = [
      `offset ${number(c.offset)}`,
      `gain ${number(c.gain)} ${c.unit}`,
      ...(c.polarity === 'reversed' ? ['reversed'] : []),
      `range ${c.validRange.join(' to ')} ${c.unit}`,
      ...(c.noiseRms === undefined ? [] : [`noise ${number(c.noiseRms)} ${c.unit} rms`]),
      ...(c.residuals === undefined ? [] : [`residuals ${c.residuals.map(number).join(', ')} ${c.unit}`]),
    ];
    console.log(`${c.name}: ${parts.join(', ')}`);
  }
}

function number(value: number): string {
  return String(Number(value.toPrecision(5)));
}
