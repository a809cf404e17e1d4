import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';

interface Arguments {
  run: string;
  search: boolean;
  'search-epochs': number;
  json: boolean;
}

export const diagnoseCommand: CommandModule<object, Arguments> = {
  command: 'diagnose <run>',
  describe: 'Explain a training run: leakage, balance, noise, wrong labels, and what to try next',
  builder: (y) =>
    y
      .positional('run', { type: 'string', demandOption: true, describe: 'Folder made by underfoot train' })
      .options({
        search: {
          type: 'boolean',
          default: false,
          describe: 'Also try other batch sizes and learning rates',
        },
        'search-epochs': { type: 'number', default: 10, describe: 'Epochs for each of the nine trials' },
        json: { type: 'boolean', default: false, describe: 'Print JSON' },
      }),
  async handler({ run, search: withSearch, 'search-epochs': searchEpochs, json }) {
    const { diagnose } = await import('../train/diagnose/diagnose.ts');
    const { diagnosisPage } = await import('../train/diagnose/page.ts');
    const diagnosis = await diagnose(run);
    const file = join(run, 'diagnosis.html');
    writeFileSync(file, diagnosisPage(diagnosis));
    if (!json) {
      const mark = { fine: 'fine', warning: 'LOOK', problem: 'WRONG' };
      for (const f of diagnosis.findings) {
        console.log(`${mark[f.level].padEnd(6)}${f.topic}: ${f.what}`);
        console.log(`      ${f.evidence}`);
        if (f.next) console.log(`      Next: ${f.next}`);
      }
      console.log(`${file}: the same, with plots of ${diagnosis.suspects.length} suspect windows`);
    }
    const trials = withSearch
      ? await (await import('../train/diagnose/search.ts')).search(run, searchEpochs, (t) => {
          if (!json)
            console.log(
              `batch ${t.batchSize}, learning rate ${t.learningRate}: held-out loss ${t.loss.toFixed(4)} in epoch ${t.epoch}`,
            );
        })
      : undefined;
    if (json) console.log(JSON.stringify({ ...diagnosis, trials }, null, 1));
    else if (trials)
      console.log(`best: --batch-size ${trials[0].batchSize} --learning-rate ${trials[0].learningRate}`);
  },
};
