import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { scalingOf } from '../model/card.ts';
import { loadCard, modelFolder } from '../model/card-file.ts';
import { loadModel, MissingEngine } from '../model/load.ts';
import { packageRoot } from '../package-root.ts';
import { withExamples } from './examples.ts';
import { modelsCompareCommand } from './models-compare.ts';
import { modelsImportCommand } from './models-import.ts';
import { modelsRebaselineCommand } from './models-rebaseline.ts';

const json = { type: 'boolean', default: false, describe: 'Print JSON' } as const;
const model = {
  type: 'string',
  demandOption: true,
  describe: 'Model folder, or the name of one that ships with underfoot',
} as const;

const list: CommandModule<object, { folder?: string; json: boolean }> = {
  command: 'list [folder]',
  describe: 'The models in a folder; default: ./models and those that ship with underfoot',
  builder: (y) =>
    y
      .positional('folder', { type: 'string', describe: 'Folder with a folder for each model' })
      .options({ json }),
  handler({ folder, json }) {
    const roots =
      folder === undefined
        ? [...new Set([join(process.cwd(), 'models'), join(packageRoot, 'models')])]
        : [folder];
    const folders = roots.flatMap((root) =>
      existsSync(root)
        ? readdirSync(root)
            .sort()
            .map((name) => join(root, name))
        : [],
    );
    const found = folders.filter((f) => existsSync(join(f, 'card.json'))).map(summary);
    if (json) console.log(JSON.stringify(found, null, 2));
    for (const m of json ? [] : found) {
      if ('problem' in m) console.log(`${m.folder}: ${m.problem}`);
      else
        console.log(
          `${m.name} ${m.version}: ${m.labels.join(' ')}; ${m.channels.join(' ')} at ${m.rateHz} Hz, ${m.steps} steps; held out ${m.balancedAccuracy.toFixed(3)} a window, ${m.smoothedBalancedAccuracy.toFixed(3)} smoothed${m.simulated ? '; SIMULATED' : ''}`,
        );
    }
    if (found.length === 0)
      throw new UserError(`${roots.join(', ')}: found no model, expected folders with card.json`, 66);
  },
};

const info: CommandModule<object, { model: string; json: boolean }> = {
  command: 'info <model>',
  describe: 'What the card of a model says',
  builder: (y) => y.positional('model', model).options({ json }),
  handler({ model, json }) {
    const card = loadCard(modelFolder(model));
    if (json) {
      console.log(JSON.stringify(card, null, 2));
      return;
    }
    const { heldOut, training } = card;
    const percent = (v: number): string => `${(100 * v).toFixed(1)} %`;
    const lines: [string, string | number][] = [
      ['model', `${card.name} ${card.version}: ${card.description}`],
      ['labels', card.labels.join(', ')],
      [
        'windows',
        `${card.steps} steps at ${card.rateHz} Hz, one every ${card.stride}; ${card.channels.map((c) => `${c.name} in ${c.unit}`).join(', ')}`,
      ],
      ['simulated', card.simulated ? 'yes: never use it on a real robot' : 'no'],
      ['held out', heldOut.method],
      [
        'balanced accuracy',
        `${percent(heldOut.raw.balancedAccuracy)} a window, ${percent(heldOut.smoothed.balancedAccuracy)} smoothed`,
      ],
      [
        'calibration error',
        `${percent(heldOut.raw.ece)} a window, ${percent(heldOut.smoothed.ece)} smoothed`,
      ],
      ...Object.entries(heldOut.raw.perClassRecall).map(([label, recall]): [string, string] => [
        `recall ${label}`,
        recall === null ? '-' : percent(recall),
      ]),
      [
        'trained on',
        `${training.data}: ${training.windows} windows of ${training.recordings} recordings, split ${training.split}`,
      ],
      [
        'by',
        `${training.optimiser}, batch ${training.batchSize}, ${training.epochs} epochs, seed ${training.seed}; ${training.script}`,
      ],
      ['parameters', training.parameters],
      ['scaling', scalingOf(card)],
    ];
    for (const [name, value] of lines) console.log(`${name.padEnd(18)} ${value}`);
  },
};

const verify: CommandModule<object, { model: string; json: boolean }> = {
  command: 'verify <model>',
  describe: 'Check files, tensors and self-test of a model in every engine that is here',
  builder: (y) => y.positional('model', model).options({ json }),
  async handler({ model, json }) {
    const folder = modelFolder(model);
    const card = loadCard(folder);
    const results: { engine: string; largestDifference: number }[] = [];
    const missing: string[] = [];
    for (const engine of ['onnx', 'onnx-web', 'tfjs'] as const) {
      if (engine === 'tfjs' && !card.files['model.json']) continue;
      try {
        const loaded = await loadModel(folder, engine);
        results.push({ engine: loaded.classifier.engine, largestDifference: loaded.selfTestError });
        await loaded.classifier.close();
      } catch (error) {
        if (!(error instanceof MissingEngine)) throw error;
        missing.push(engine);
      }
    }
    if (results.length === 0)
      throw new UserError(`${folder}: found no engine to run it, expected one of ${missing.join(', ')}`, 69);
    if (json)
      console.log(JSON.stringify({ model: card.name, tolerance: card.selfTest.tolerance, results }, null, 2));
    else
      for (const r of results)
        console.log(
          `${card.name}: ${r.engine}: ${card.selfTest.windows.length} self-test windows within ${r.largestDifference.toExponential(1)} (tolerance ${card.selfTest.tolerance})`,
        );
  },
};

export const modelsCommand: CommandModule = {
  command: 'models',
  describe: 'List, inspect, verify, compare, import and rebaseline models',
  builder: (y: Argv) =>
    y
      .command(
        withExamples(
          [list, info, verify, modelsCompareCommand, modelsImportCommand, modelsRebaselineCommand],
          'models',
        ),
      )
      .demandCommand(1, 'Name what to do with models.'),
  handler: () => undefined,
};

function summary(folder: string) {
  try {
    const card = loadCard(folder);
    const { name, version, labels, rateHz, steps, simulated, heldOut } = card;
    return {
      folder,
      name,
      version,
      labels,
      channels: card.channels.map((c) => c.name),
      rateHz,
      steps,
      simulated,
      balancedAccuracy: heldOut.raw.balancedAccuracy,
      smoothedBalancedAccuracy: heldOut.smoothed.balancedAccuracy,
    };
  } catch (error) {
    if (error instanceof UserError) return { folder, problem: error.message };
    throw error;
  }
}
