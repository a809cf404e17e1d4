import { copyFileSync, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, parse, resolve } from 'node:path';
import type { CalibratedChannel } from '../config/calibration-file.ts';
import { type CalibrationFile, loadCalibration, saveCalibration } from '../config/calibration-file.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError, UserError } from '../errors.ts';
import { loadCard } from '../model/card-file.ts';
import { type RestLimits, restLimits } from './at-rest.ts';

/** What the calibration of one robot starts from. */
export interface CalibrationPlan {
  readonly config: Config;
  /** Where the result goes. */
  readonly file: string;
  /** Every channel that the model needs, as it is known before. */
  readonly channels: readonly CalibratedChannel[];
  /** By channel: what it shows at most with motors off. */
  readonly restLimits: Readonly<Record<string, RestLimits>>;
}

/**
 * Reads the configuration, the card of its model and the calibration so far. Without one, channels begin with offset 0
 * and gain 1, and with `range` or the card's valid range. `newSensor`: the offset and the noise so far say nothing of what
 * comes. Throws ConfigError.
 */
export function planCalibration(options: {
  configFile: string;
  output?: string | undefined;
  range?: readonly [number, number] | undefined;
  newSensor?: boolean | undefined;
}): CalibrationPlan {
  const { configFile, output, range, newSensor } = options;
  const config = loadConfig(configFile);
  const file = calibrationFileFor(config, configFile, output);
  const known = existsSync(file) ? loadCalibration(file).channels : [];
  const { channels, reference } = loadCard(config.model);
  const needed = channels.map(({ name, unit, validRange }): CalibratedChannel => {
    const before = known.find((channel) => channel.name === name);
    const valid = range ?? before?.validRange ?? validRange;
    if (valid === undefined) {
      throw new ConfigError([
        {
          file: configFile,
          key: `channel ${name}`,
          found: 'no valid range in the model card',
          expected: 'what the sensor can give, such as --range -30,30',
        },
      ]);
    }
    const [low, high] = valid;
    return { name, unit, offset: 0, gain: 1, ...before, validRange: [low, high] };
  });
  const limits = needed.map((channel) => {
    const before = newSensor ? undefined : known.find(({ name }) => name === channel.name);
    return [channel.name, restLimits(channel, before, reference.inputs[`${channel.name}.mean`])] as const;
  });
  return { config, file, channels: needed, restLimits: Object.fromEntries(limits) };
}

/** Where the calibration of a robot goes. */
export function calibrationFileFor(config: Config, configFile: string, output: string | undefined): string {
  return resolve(
    output ?? config.calibration ?? join(dirname(configFile), 'calibration', `${config.robotId}.yaml`),
  );
}

/** The channels that were asked for, all of them without a wish. Throws UserError (64). */
export function chooseChannels(
  plan: CalibrationPlan,
  names: readonly string[] | undefined,
): CalibratedChannel[] {
  if (names === undefined || names.length === 0) return [...plan.channels];
  return names.map((name) => {
    const channel = plan.channels.find((c) => c.name === name);
    if (channel) return channel;
    const there = plan.channels.map((c) => c.name).join(', ');
    throw new UserError(`--channel: found ${name}, expected one of ${there}`, 64);
  });
}

/** The content of the file with some channels measured anew; channels that the model does not need stay. */
export function calibrationWith(
  plan: Pick<CalibrationPlan, 'config' | 'file' | 'channels'>,
  measured: readonly CalibratedChannel[],
  method: string,
): CalibrationFile {
  const before = existsSync(plan.file) ? loadCalibration(plan.file).channels : [];
  const channels = new Map([...before, ...plan.channels, ...measured].map((c) => [c.name, c]));
  return {
    schemaVersion: 1,
    robot: plan.config.robotId,
    created: new Date().toISOString(),
    by: userName(),
    method,
    channels: [...channels.values()],
  };
}

/**
 * Writes the file and keeps the one before under the date of its making, `NAME.2026-05-04T10-30-00.000Z.yaml`.
 * Returns where that went.
 */
export function replaceCalibration(file: string, content: CalibrationFile): string | undefined {
  let kept: string | undefined;
  if (existsSync(file)) {
    const { name, ext, dir } = parse(file);
    kept = join(dir, `${name}.${loadCalibration(file).created.replaceAll(':', '-')}${ext}`);
    copyFileSync(file, kept);
  }
  saveCalibration(file, content);
  return kept;
}

/** Who is at the keyboard. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the password file, as in containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
