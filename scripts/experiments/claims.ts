import type { Outcome } from './outcome.ts';

/** A claim of the well-known answer, what was measured, and in how many of the seeds it holds here. */
export interface Claim {
  readonly claim: string;
  readonly measured: string;
  readonly seeds: number;
  readonly holdsIn: number;
}

/** What a claim says about one seed, given the runs that it needs. */
interface Rule {
  readonly claim: string;
  readonly needs: readonly [group: string, name: string][];
  /** Numbers that are shown, as their mean over the seeds with the range. */
  readonly show: (...runs: Outcome[]) => readonly number[];
  readonly text: (...numbers: string[]) => string;
  readonly holds: (...runs: Outcome[]) => boolean;
}

/** Every claim whose runs are there, judged on each seed that has all of them. */
export function checkClaims(outcomes: readonly Outcome[]): Claim[] {
  const seeds = [...new Set(outcomes.map((o) => o.seed))].sort((a, b) => a - b);
  return [...rules('simulated'), ...rules('real'), ...mislabelledRules(), ...otherRules()].flatMap((rule) => {
    const whole = seeds.flatMap((seed) => {
      const runs = rule.needs.map(([group, name]) =>
        outcomes.find((o) => o.seed === seed && o.group === group && o.name === name),
      );
      return runs.every((run) => run !== undefined) ? [runs as Outcome[]] : [];
    });
    if (whole.length === 0) return [];
    const numbers = whole.map((runs) => rule.show(...runs));
    const texts = numbers[0].map((_, k) => spread(numbers.map((own) => own[k])));
    const holdsIn = whole.filter((runs) => rule.holds(...runs)).length;
    return [{ claim: rule.claim, measured: rule.text(...texts), seeds: whole.length, holdsIn }];
  });
}

function rules(place: 'simulated' | 'real'): Rule[] {
  const group = `batch size, ${place}`;
  return [
    {
      claim: `${place}: the full batch decreases steadily`,
      needs: [[group, 'batch full']],
      show: (full) => [100 * full.rises, full.largestRise],
      text: (rises, largest) => `loss rises in ${rises} % of epochs, at most by a factor of ${largest}`,
      holds: (full) => full.rises < 0.05,
    },
    {
      claim: `${place}: smaller batches fluctuate more`,
      needs: [
        [group, 'batch 4'],
        [group, 'batch full'],
      ],
      show: (four, full) => [four.roughness, full.roughness],
      text: (four, full) => `roughness ${four} with batch 4, ${full} with the full batch`,
      holds: (four, full) => four.roughness > full.roughness,
    },
    {
      claim: `${place}: batch 2 does not learn`,
      needs: [
        [group, 'batch 2'],
        [group, 'batch full'],
      ],
      show: (two, full) => [100 * two.bestAccuracy, 100 * full.bestAccuracy],
      text: (two, full) => `best training accuracy ${two} % with batch 2, ${full} % with the full batch`,
      holds: (two) => two.bestAccuracy < 0.5,
    },
  ];
}

/** How much rougher the curve gets: over the epochs that both runs have. */
function mislabelledRules(): Rule[] {
  return [1, 5].map((count) => ({
    claim: `simulated: ${count} mislabelled roughen small batches more than large ones`,
    needs: [
      ['batch size, simulated', 'batch 4'],
      [`${count} mislabelled`, 'batch 4'],
      ['batch size, simulated', 'batch full'],
      [`${count} mislabelled`, 'batch full'],
    ] as [string, string][],
    show: (four, fourWrong, full, fullWrong) => [
      fourWrong.early.roughness - four.early.roughness,
      fullWrong.early.roughness - full.early.roughness,
    ],
    text: (small, large) => `roughness changes by ${small} with batch 4 and by ${large} with the full batch`,
    holds: (four, fourWrong, full, fullWrong) => {
      const small = fourWrong.early.roughness - four.early.roughness;
      return small > 0 && small > fullWrong.early.roughness - full.early.roughness;
    },
  }));
}

function otherRules(): Rule[] {
  const compare = (claim: string, group: string, calm: string, rough: string): Rule => ({
    claim,
    needs: [
      [group, calm],
      [group, rough],
    ],
    show: (a, b) => [a.roughness, b.roughness],
    text: (a, b) => `roughness ${a} with ${calm}, ${b} with ${rough}`,
    holds: (a, b) => a.roughness < b.roughness,
  });
  return [
    compare(
      'short sequences fluctuate less than long ones',
      'rate of the same four seconds',
      '6.25 Hz, 25 steps',
      '100 Hz, 400 steps',
    ),
    compare('a large net fluctuates more', 'size', '17286 parameters', '200250 parameters'),
    compare('a larger learning rate fluctuates more', 'optimiser', 'RMSprop 0.001', 'RMSprop 0.01'),
    {
      claim: 'the net learns two easy classes, cos and arccos, without fault',
      needs: [['sanity check', 'cos and arccos']],
      show: (run) => [run.perfectEpoch ?? Number.POSITIVE_INFINITY],
      text: (epoch) =>
        epoch === never ? 'in no epoch every sequence right' : `every sequence right from epoch ${epoch}`,
      holds: (run) => run.perfectEpoch !== null,
    },
  ];
}

/** Stands for what did not happen in any epoch. */
const never = 'never';

/** Mean, and the range where there is one. */
function spread(values: readonly number[]): string {
  const digits = (v: number): string => {
    if (!Number.isFinite(v)) return never;
    return Math.abs(v) >= 10 ? v.toFixed(0) : v.toPrecision(2);
  };
  const mean = digits(values.reduce((a, b) => a + b, 0) / values.length);
  const [low, high] = [digits(Math.min(...values)), digits(Math.max(...values))];
  return low === high ? mean : `${mean} (${low} to ${high})`;
}
