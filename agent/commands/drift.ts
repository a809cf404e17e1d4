import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { CommandModule } from 'yargs';
import { loadCalibration } from '../config/calibration-file.ts';
import { DataError, UserError } from '../errors.ts';
import { modelFolder } from '../model/card-file.ts';
import { loadModel } from '../model/load.ts';
import type { Recording } from '../session/recording.ts';
import { recordingsIn } from '../session/recordings.ts';
import { readModel } from '../session/session-input.ts';
import { findSession } from '../session/session-list.ts';
import { loadSession } from '../session/session-recording.ts';
import { withExamples } from './examples.ts';
import { namesSession } from './replay-session.ts';
import { type FolderArguments, filesOf, folderOf, folderOptions } from './sessions-options.ts';

interface Arguments extends FolderArguments {
  session: string;
  model?: string;
  calibration?: string;
  out?: string;
  json: boolean;
}

const explain: CommandModule<object, Arguments> = {
  command: 'explain <session>',
  describe: 'One page: confidence, inputs and drift states over time, and what moved',
  builder: (y) =>
    y
      .positional('session', {
        type: 'string',
        demandOption: true,
        describe: 'A session: its file or id; or a recording (CSV)',
      })
      .options({
        ...folderOptions,
        model: { alias: 'm', type: 'string', requiresArg: true, describe: "Default: the session's own" },
        calibration: { type: 'string', requiresArg: true, describe: "Instead of the session's own" },
        out: {
          alias: 'o',
          type: 'string',
          requiresArg: true,
          describe: 'HTML file to write; default: <session>.drift.html here',
        },
        json: { type: 'boolean', default: false, describe: 'Print what moved and the states as JSON' },
      }),
  async handler(argv) {
    const { recording, model: recorded } = await open(argv);
    const name = argv.model ?? recorded;
    if (name === undefined)
      throw new UserError(`${argv.session}: found no model in it, expected --model`, 64);
    const { explainPage } = await import('../explain/page.ts');
    const { movedOver, stretchesOf, timelineOf } = await import('../explain/timeline.ts');
    const file = argv.calibration;
    const model = await loadModel(modelFolder(name));
    try {
      const moments = await timelineOf(
        model,
        recording,
        file === undefined ? undefined : { file, content: loadCalibration(file) },
      );
      if (moments.length === 0)
        throw new DataError({
          file: argv.session,
          found: 'no window',
          expected: `a recording of ${(model.card.steps / model.card.rateHz).toFixed(1)} s or more`,
        });
      const out = argv.out ?? `${basename(recording.id)}.drift.html`;
      write(out, explainPage(recording.id, model.card, moments));
      if (argv.json)
        console.log(
          JSON.stringify({ out, moved: movedOver(moments), states: stretchesOf(moments) }, null, 2),
        );
      else
        console.log(
          `${out}: ${moments.length} windows, ${moments.filter((m) => m.state === 'drift').length} under drift`,
        );
    } finally {
      await model.classifier.close();
    }
  },
};

async function open(argv: Arguments): Promise<{ recording: Recording; model: string | undefined }> {
  if (namesSession(argv.session)) {
    const session = loadSession(await findSession(argv.session, folderOf(argv)).then(filesOf));
    return { recording: session.recording, model: readModel(session.recording.file, session.head)?.name };
  }
  const recordings = [...recordingsIn(argv.session)];
  if (recordings.length !== 1)
    throw new UserError(`${argv.session}: found ${recordings.length} recordings, expected one`, 64);
  return { recording: recordings[0], model: undefined };
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError(`${file}: cannot be written: ${(error as Error).message}`, 74);
  }
}

export const driftCommand: CommandModule = {
  command: 'drift',
  describe: 'Why predictions are not to be trusted',
  builder: (y) => y.command(withExamples([explain], 'drift')).demandCommand(1, 'Name what to do: explain.'),
  handler: () => undefined,
};
