import { dirname, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { loadCalibration } from '../config/calibration-file.ts';
import { UserError } from '../errors.ts';
import { modelFolder } from '../model/card-file.ts';
import { loadModel } from '../model/load.ts';
import { packageRoot } from '../package-root.ts';
import { recordingsIn } from '../session/recordings.ts';
import { modelOption } from './options.ts';

interface Arguments {
  model: string;
  data: string[];
  reason: string;
  calibration?: string;
  out?: string;
  json: boolean;
}

export const modelsRebaselineCommand: CommandModule<object, Arguments> = {
  command: 'rebaseline',
  describe: 'A robot whose normal has changed: a new reference for drift, kept with date and reason',
  builder: {
    model: modelOption,
    data: {
      type: 'string',
      array: true,
      demandOption: true,
      requiresArg: true,
      describe: 'Recordings of the robot as it is now: files or folders',
    },
    reason: {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Why: new wheels, another motor',
    },
    calibration: { type: 'string', requiresArg: true, describe: 'Calibration to apply to the recordings' },
    out: {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the result; default: the model itself',
    },
    json: { type: 'boolean', default: false, describe: 'Print JSON' },
  },
  async handler({ model: name, data, reason, calibration: file, out, json }) {
    if (reason.trim() === '')
      throw new UserError('--reason: found nothing, expected why the normal changed', 64);
    const from = modelFolder(name);
    if (out === undefined && dirname(resolve(from)) === resolve(packageRoot, 'models'))
      throw new UserError(`${from}: ships with underfoot, expected --out with a folder of your own`, 64);
    const { rebaseline } = await import('../model/rebaseline.ts');
    const recordings = data.flatMap((path) => [...recordingsIn(path)]);
    const model = await loadModel(from);
    try {
      const folder = out ?? from;
      const calibration = file === undefined ? undefined : { file, content: loadCalibration(file) };
      const date = new Date().toISOString();
      const card = await rebaseline(model, {
        recordings,
        calibration,
        data: data.join(', '),
        reason,
        date,
        folder,
      });
      const entry = card.rebaselined!.at(-1)!;
      if (json) console.log(JSON.stringify({ folder, ...entry }, null, 2));
      else {
        console.log(
          `${folder}: new reference from ${entry.windows} windows of ${entry.recordings} recordings`,
        );
        const missing = card.labels.filter((label) => !card.reference.inputsByLabel[label]);
        if (missing.length > 0)
          console.log(
            `no window was taken for ${missing.join(', ')}: drift there is judged by the other surfaces`,
          );
        console.log(`reason: ${entry.reason}; the reference before is in ${entry.previous.file}`);
      }
    } finally {
      await model.classifier.close();
    }
  },
};
