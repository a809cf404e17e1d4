import { createInterface } from 'node:readline';
import type { CommandModule } from 'yargs';
import { defaultTolerance, gainChannel } from '../calibrate/calibrate.ts';
import { calibrationWith, chooseChannels, planCalibration, replaceCalibration } from '../calibrate/plan.ts';
import type { RawChannel } from '../calibrate/raw-collector.ts';
import { RawSampler } from '../calibrate/raw-sampler.ts';
import { UserError } from '../errors.ts';
import { calibrateOptions, parseNumbers, parseRange } from './calibrate-options.ts';
import { findRaw, printChannels } from './calibrate-print.ts';

interface Arguments {
  config: string;
  out?: string;
  channel?: string[];
  range?: string;
  reference: string;
  seconds: number;
  tolerance: number;
  json: boolean;
}

export const calibrateGainCommand: CommandModule<object, Arguments> = {
  command: 'gain',
  describe: 'Known currents: fit the gain, guided step by step',
  builder: (y) =>
    y.options({
      ...calibrateOptions,
      reference: {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Currents in A that you will set, read from a meter you trust, such as 2.0,5.0,10.0',
      },
      seconds: { type: 'number', default: 3, describe: 'Seconds to measure at each current' },
      tolerance: {
        type: 'number',
        default: defaultTolerance,
        describe: 'Largest residual, as a share of the largest reference',
      },
    }),
  handler: calibrateGain,
};

async function calibrateGain(argv: Arguments): Promise<void> {
  const references = parseNumbers('reference', argv.reference);
  if (new Set([0, ...references]).size < 3) {
    throw new UserError(
      `--reference: found ${argv.reference}, expected at least two different currents other than 0`,
      64,
    );
  }
  const plan = planCalibration({
    configFile: argv.config,
    output: argv.out,
    range: parseRange(argv.range),
  });
  const channels = chooseChannels(plan, argv.channel);
  const sampler = new RawSampler(plan.config);
  const person = askOn(process.stdin);
  try {
    const points: { raw: RawChannel[]; reference: number }[] = [];
    for (const [i, reference] of references.entries()) {
      const names = channels.map((channel) => channel.name).join(' and ');
      await person.ready(
        `${i + 1} of ${references.length}: let ${reference} A flow through ${names}, then press Enter. `,
      );
      points.push({ raw: await sampler.collect(argv.seconds), reference });
    }
    const measured = channels.map((channel) =>
      gainChannel(
        points.map(({ raw, reference }) => ({ raw: findRaw(raw, channel.name), reference })),
        channel,
        argv.tolerance,
      ),
    );
    const content = calibrationWith(plan, measured, `calibrate gain, references ${references.join(', ')} A`);
    const kept = replaceCalibration(plan.file, content);
    printChannels(plan.file, content, measured, argv.json);
    if (kept && !argv.json) console.log(`the one before is kept in ${kept}`);
  } finally {
    person.close();
    await sampler.close();
  }
}

/** Asks on standard error, so that standard output stays clean, and waits for a line. */
function askOn(input: NodeJS.ReadableStream) {
  const reader = createInterface({ input });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async ready(prompt: string): Promise<void> {
      process.stderr.write(prompt);
      if ((await lines.next()).done) {
        throw new UserError('calibrate gain: the input ended before every reference was measured', 66);
      }
    },
    close: () => reader.close(),
  };
}
