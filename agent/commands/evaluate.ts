import type { CommandModule } from 'yargs';
import { createGainTracker } from '../assemble.ts';
import { loadCalibration } from '../config/calibration-file.ts';
import { UserError } from '../errors.ts';
import { type Evaluation, evaluate } from '../evaluate.ts';
import { modelFolder } from '../model/card-file.ts';
import { type Engine, loadModel } from '../model/load.ts';
import { recordingsIn } from '../session/recordings.ts';
import { engineOption, gainTrackingOption, modelOption } from './options.ts';

interface Arguments {
  model: string;
  data: string;
  calibration?: string;
  'gain-tracking': boolean;
  engine: Engine;
  json: boolean;
}

export const evaluateCommand: CommandModule<object, Arguments> = {
  command: 'evaluate',
  describe: 'Score a model on recordings: <LABEL>/<recording>.csv',
  builder: (y) =>
    y.options({
      model: modelOption,
      data: { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder of recordings' },
      calibration: { type: 'string', requiresArg: true, describe: 'Calibration to apply to the recordings' },
      'gain-tracking': gainTrackingOption,
      engine: engineOption,
      json: { type: 'boolean', default: false, describe: 'Print JSON' },
    }),
  async handler({ model: name, data, calibration: file, 'gain-tracking': gainTracking, engine, json }) {
    const calibration = file === undefined ? undefined : { file, content: loadCalibration(file) };
    const model = await loadModel(modelFolder(name), engine);
    try {
      const { raw, ...rest } = await evaluate(
        model,
        recordingsIn(data),
        calibration,
        undefined,
        gainTracking ? createGainTracker(model.card) : undefined,
      );
      if (rest.windows + rest.unscoredWindows === 0) {
        const { steps, rateHz } = model.card;
        throw new UserError(
          `${data}: found no window, expected recordings of ${steps / rateHz} s or more`,
          65,
        );
      }
      if (json) console.log(JSON.stringify({ ...rest, ...raw }, null, 2));
      else print({ raw, ...rest });
    } finally {
      await model.classifier.close();
    }
  },
};

function print(evaluation: Evaluation): void {
  const { model, recordings, windows, unscoredWindows, labels, raw, smoothed } = evaluation;
  console.log(`${model}: ${windows} windows of ${recordings} recordings`);
  if (unscoredWindows > 0) console.log(`${unscoredWindows} windows without a label that the model knows`);
  printTrust(evaluation);
  if (raw === null || smoothed === null) return;
  const row = (name: string, ...cells: (number | null)[]) =>
    console.log(name.padEnd(20) + cells.map((c) => (c === null ? '-' : c.toFixed(3)).padStart(12)).join(''));
  console.log(`${''.padEnd(20)}${'a window'.padStart(12)}${'smoothed'.padStart(12)}`);
  for (const key of ['accuracy', 'balancedAccuracy', 'macroF1', 'ece'] as const)
    row(key, raw[key], smoothed[key]);
  for (const label of labels)
    row(`recall ${label}`, raw.perClassRecall[label], smoothed.perClassRecall[label]);
}

function printTrust({ driftStates, unknownRate, estimatedAccuracy: estimate }: Evaluation): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const states = Object.entries(driftStates).filter(([, share]) => share > 0);
  console.log(`drift: ${states.map(([state, share]) => `${state} ${percent(share)}`).join(', ')}`);
  console.log(`unknown: ${percent(unknownRate)}`);
  if (estimate) {
    const { value, low, high } = estimate;
    console.log(
      `estimated accuracy, without labels: ${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
    );
  }
}
