/**
 * Reproduces the question this project began with, as a report: `npx tsx scripts/seed-experiments.ts [--epochs 1500]
 * [--units 64] [--seeds 3] [--minutes 40] [--out docs/training/seed-experiments]` writes OUT.html and OUT.json and prints the
 * tables of docs/training.md. Training loss only: the question is why it fluctuates, not how well the net does on new data.
 * All variants run with seed 1, then with seed 2 and so on. Figures are written as they come: a run that was stopped, or
 * whose minutes were over, leaves a report of what it did, and the same command goes on from there.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { lstmKernel } from '../agent/train/kernel/choose.ts';
import { linePlot, short } from '../agent/train/report/charts.ts';
import { page, paragraph, plots, section, table } from '../agent/train/report/page.ts';
import { checkClaims } from './experiments/claims.ts';
import { type Outcome, run } from './experiments/outcome.ts';
import { type Experiment, plan } from './experiments/plan.ts';
import { claimTable, markdown, outcomeTable } from './experiments/tables.ts';

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '1500' },
    units: { type: 'string', default: '64' },
    seeds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: 'Infinity' },
    out: { type: 'string', default: 'docs/training/seed-experiments' },
  },
});
const [epochs, units, seeds, minutes] = [values.epochs, values.units, values.seeds, values.minutes].map(
  Number,
);
const setting = { epochs, units, node: process.version, kernel: lstmKernel().name };
const experiments = plan(units, epochs);
const outcomes = before();
const endMs = performance.now() + 60_000 * minutes;
for (let seed = 1; seed <= seeds; seed++) {
  for (const experiment of experiments) {
    if (outcomes.some((o) => o.seed === seed && isOf(experiment, o)) || performance.now() > endMs) continue;
    const outcome = await run(experiment, seed);
    outcomes.push(outcome);
    const { group, name, finalLoss, bestAccuracy, seconds } = outcome;
    console.error(
      `seed ${seed}, ${group}, ${name}: loss ${short(finalLoss)}, accuracy ${bestAccuracy.toFixed(3)}, ${seconds} s`,
    );
    write();
  }
}
write();
console.log(
  [
    markdown(claimTable(checkClaims(outcomes))),
    ...groups().map(({ name, own }) => `**${name}**\n\n${markdown(outcomeTable(own))}`),
  ].join('\n\n'),
);

function isOf(e: Experiment, o: Outcome): boolean {
  return o.group === e.group && o.name === e.name && o.epochs === e.epochs;
}

/** What a run with the same settings left, to go on from. */
function before(): Outcome[] {
  if (!existsSync(`${values.out}.json`)) return [];
  const found = JSON.parse(readFileSync(`${values.out}.json`, 'utf8')) as {
    setting: object;
    outcomes: Outcome[];
  };
  return JSON.stringify(found.setting) === JSON.stringify(setting) ? found.outcomes : [];
}

/** Outcomes by group, and within a group by variant, in the order of the plan, batch sizes by their size. */
function groups(): { name: string; own: Outcome[] }[] {
  return [...new Set(experiments.map((e) => e.group))].flatMap((name) => {
    const own = experiments
      .filter((e) => e.group === name)
      .sort((a, b) => a.batchSize - b.batchSize)
      .flatMap((e) => outcomes.filter((o) => isOf(e, o)));
    return own.length > 0 ? [{ name, own }] : [];
  });
}

function write(): void {
  const claims = checkClaims(outcomes);
  writeFileSync(`${values.out}.json`, `${JSON.stringify({ setting, claims, outcomes })}\n`);
  const checked = claimTable(claims);
  const html = page('Why does the training loss fluctuate?', [
    paragraph(
      `LSTM(${units}) on (98, 100, 1), RMSprop(0.001, rho 0.9) and batch 32 unless said otherwise; Node ${process.version}, ${setting.kernel}. ` +
        'Roughness is the standard deviation of log10(loss) about its running mean over 25 epochs. Tables give means over the seeds and ' +
        'the largest rise of any. "All right from" is the first epoch, seed by seed, in which every sequence was right; "rises" the ' +
        'share of epochs whose loss is above the one before. Curves are those of seed 1.',
    ),
    section('Claims of the answer, checked', table(checked.head, checked.rows)),
    ...groups().map(({ name, own }) => groupSection(name, own)),
  ]);
  writeFileSync(`${values.out}.html`, html);
}

function groupSection(group: string, own: readonly Outcome[]): string {
  const first = own.filter((o) => o.seed === 1);
  const series = first.map((o) => ({ name: o.name, x: o.losses.map((_, i) => i + 1), y: o.losses }));
  const { head, rows } = outcomeTable(own);
  const plot = linePlot(series, {
    title: own.every((o) => o.data === own[0].data) ? `${group}: ${own[0].data}` : group,
    xLabel: 'epoch',
    yLabel: 'training loss',
    logY: true,
    width: 900,
    height: 340,
  });
  return section(group, plots(plot), table(head, rows));
}
