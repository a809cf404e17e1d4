import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { modelFolder } from '../model/card-file.ts';
import type { ModelComparison } from '../model/compare-models.ts';
import { type LoadedModel, loadModel } from '../model/load.ts';

const model = {
  type: 'string',
  demandOption: true,
  describe: 'Model folder, or the name of one that ships with underfoot',
} as const;

interface Arguments {
  first: string;
  second: string;
  data: string;
  'held-out'?: string;
  json: boolean;
}

export const modelsCompareCommand: CommandModule<object, Arguments> = {
  command: 'compare <first> <second>',
  describe: "Two models on the same recordings, with McNemar's test",
  builder: (y) =>
    y
      .positional('first', model)
      .positional('second', model)
      .options({
        data: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'Recordings that neither was trained on',
        },
        'held-out': {
          type: 'string',
          requiresArg: true,
          describe: 'Folder of a training run: only the recordings that it held out',
        },
        json: { type: 'boolean', default: false, describe: 'Print JSON' },
      }),
  async handler({ first, second, data, 'held-out': run, json }) {
    const { compareModels } = await import('../model/compare-models.ts');
    const { recordingsIn } = await import('../session/recordings.ts');
    const { heldOutOf } = await import('../train/run/run-files.ts');
    const models = [await loadModel(modelFolder(first)), await loadModel(modelFolder(second))] as const;
    try {
      const recordings = recordingsIn(data);
      const result = await compareModels(
        ...models,
        run === undefined ? recordings : heldOutOf(run, recordings),
      );
      if (result.windows === 0) throw nothingInCommon(data, models);
      if (json) console.log(JSON.stringify(result, null, 2));
      else print(result, models);
    } finally {
      for (const { classifier } of models) await classifier.close();
    }
  },
};

function nothingInCommon(data: string, models: readonly LoadedModel[]): UserError {
  const found = models.map(
    ({ card }) =>
      `${card.name}: ${card.labels.join(' ')}, ${card.steps} steps at ${card.rateHz} Hz, one every ${card.stride}`,
  );
  return new UserError(
    `${data}: found no window that both models judge (${found.join('; ')}), expected labels of the recordings that both know and the same rate, steps and stride`,
    65,
  );
}

function print(result: ModelComparison, models: readonly LoadedModel[]): void {
  const { windows, recordings, accuracy, smoothedAccuracy, mcnemarWithoutOverlap: m } = result;
  console.log(`${windows} windows of ${recordings} recordings`);
  result.models.forEach((name, i) => {
    console.log(`${name}: right ${accuracy[i].toFixed(3)}, smoothed ${smoothedAccuracy[i].toFixed(3)}`);
  });
  console.log(
    `of ${m.windows} windows without overlap only the first is right on ${m.onlyFirst}, only the second on ${m.onlySecond}: p = ${m.pValue.toPrecision(2)} (McNemar, exact)`,
  );
  console.log('A model looks too good on recordings that it was trained on:');
  for (const { card } of models) console.log(`  ${card.name} was trained on ${card.training.data}`);
}
