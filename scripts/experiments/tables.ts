import { short } from '../../agent/train/report/charts.ts';
import type { Claim } from './claims.ts';
import type { Outcome } from './outcome.ts';

export interface Table {
  readonly head: string[];
  readonly rows: (string | number)[][];
}

export function claimTable(claims: readonly Claim[]): Table {
  return {
    head: ['claim of the answer', 'measured: mean (range)', 'holds here'],
    rows: claims.map((c) => [c.claim, c.measured, verdict(c)]),
  };
}

function verdict({ seeds, holdsIn }: Claim): string {
  if (seeds === 1) return holdsIn === 1 ? 'yes (one seed)' : 'no (one seed)';
  if (holdsIn === 0 || holdsIn === seeds) return `${holdsIn ? 'yes' : 'no'} (${seeds} seeds)`;
  return `in ${holdsIn} of ${seeds} seeds`;
}

/** One row a variant: means over its seeds. */
export function outcomeTable(outcomes: readonly Outcome[]): Table {
  const variants = [...new Set(outcomes.map((o) => o.name))].map((name) =>
    outcomes.filter((o) => o.name === name),
  );
  return {
    head: [
      'variant',
      'epochs',
      'seeds',
      'parameters',
      'final loss',
      'best accuracy',
      'all right from',
      'roughness',
      'rises',
      'largest rise',
    ],
    rows: variants.map((runs) => [
      runs[0].name,
      runs[0].epochs,
      runs.length,
      runs[0].parameters,
      short(mean(runs, (o) => o.finalLoss)),
      mean(runs, (o) => o.bestAccuracy).toFixed(3),
      runs.map((o) => o.perfectEpoch ?? '-').join(', '),
      mean(runs, (o) => o.roughness).toFixed(3),
      `${(100 * mean(runs, (o) => o.rises)).toFixed(0)} %`,
      `x ${Math.max(...runs.map((o) => o.largestRise)).toFixed(2)}`,
    ]),
  };
}

const mean = (runs: readonly Outcome[], of: (o: Outcome) => number): number =>
  runs.reduce((sum, o) => sum + of(o), 0) / runs.length;

export function markdown({ head, rows }: Table): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
