/**
 * Reproduces the question this project began with, as a report: `npx tsx scripts/seed-experiments.ts [--epochs 1500]
 * [--units 64] [--seed 1] [--out docs/training/seed-experiments]` writes OUT.html and OUT.json. Training loss only: the
 * question is why it fluctuates, not how well the net does on new data. Figures are written as they come, so a run that was
 * stopped leaves a report of what it did, and goes on from there.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { linePlot, short } from '../agent/train/report/charts.ts';
import { page, paragraph, plots, section, table } from '../agent/train/report/page.ts';
import { type Claim, checkClaims } from './experiments/claims.ts';
import { type Outcome, run } from './experiments/outcome.ts';
import { plan } from './experiments/plan.ts';

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '1500' },
    units: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'docs/training/seed-experiments' },
  },
});
const [epochs, units, seed] = [values.epochs, values.units, values.seed].map(Number);
const setting = { epochs, units, seed, node: process.version };
const earlier = before();
const outcomes: Outcome[] = [];
for (const experiment of plan(units)) {
  const known = earlier.find((o) => o.group === experiment.group && o.name === experiment.name);
  const outcome = known ?? (await run(experiment, epochs, seed));
  outcomes.push(outcome);
  const { group, name, finalLoss, bestAccuracy, seconds } = outcome;
  console.log(
    `${group}, ${name}: loss ${short(finalLoss)}, accuracy ${bestAccuracy.toFixed(3)}, ${seconds} s`,
  );
  write(outcomes, checkClaims(outcomes));
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

function write(all: readonly Outcome[], claims: readonly Claim[]): void {
  writeFileSync(`${values.out}.json`, `${JSON.stringify({ setting, claims, outcomes: all })}\n`);
  const groups = [...new Set(all.map((o) => o.group))];
  const html = page('Why does the training loss fluctuate?', [
    paragraph(
      `LSTM(${units}) on (98, 100, 1), RMSprop(0.001, rho 0.9) and batch 32 unless said otherwise; ${epochs} epochs, seed ${seed}. ` +
        'Roughness is the standard deviation of log10(loss) about its running mean over 25 epochs.',
    ),
    section(
      'Claims of the answer, checked',
      table(
        ['claim', 'measured', 'holds here'],
        claims.map((c) => [c.claim, c.measured, c.holds ? 'yes' : 'no']),
      ),
    ),
    ...groups.map((group) =>
      groupSection(
        group,
        all.filter((o) => o.group === group),
      ),
    ),
  ]);
  writeFileSync(`${values.out}.html`, html);
}

function groupSection(group: string, own: readonly Outcome[]): string {
  const series = own.map((o) => ({ name: o.name, x: o.losses.map((_, i) => i + 1), y: o.losses }));
  const head = [
    'variant',
    'parameters',
    'final loss',
    'best accuracy',
    'all right from epoch',
    'roughness',
    'epochs in which it rises',
    'largest rise',
    'seconds',
  ];
  const rows = own.map((o) => [
    o.name,
    o.parameters,
    short(o.finalLoss),
    o.bestAccuracy.toFixed(3),
    o.perfectEpoch ?? '-',
    o.roughness.toFixed(4),
    `${(100 * o.rises).toFixed(0)} %`,
    `x ${o.largestRise.toFixed(2)}`,
    o.seconds,
  ]);
  const plot = linePlot(series, {
    title: group,
    xLabel: 'epoch',
    yLabel: 'training loss',
    logY: true,
    width: 900,
    height: 340,
  });
  return section(group, plots(plot), table(head, rows));
}
