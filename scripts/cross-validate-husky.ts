/**
 * Repeated grouped cross-validation of the husky models' recipe: `npx tsx scripts/cross-validate-husky.ts [REPETITIONS]
 * [--channels curL] [--out docs/training/husky-cross-validation.json]`. Every repetition deals the recordings into five folds anew. Balanced
 * accuracy a window and over the mean of the last five windows, calibration error after the scaling that fits all
 * repetitions, the same with every current multiplied, and the mean with a 95 % interval (Student's t over the
 * repetitions, which share their recordings: it says how much the folds matter, not how much new recordings would).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { score } from '../agent/model/metrics.ts';
import { probabilitiesOf } from '../agent/model/output.ts';
import { fitScaling } from '../agent/train/fit-scaling.ts';
import { rows } from '../agent/train/run/run.ts';
import { crossValidate, recipeFor } from './models/husky.ts';
import { huskyRecordings, LABELS } from './models/husky-data.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    channels: { type: 'string' },
    out: { type: 'string', default: 'docs/training/husky-cross-validation.json' },
  },
});
const repetitions = Number(positionals[0] ?? 4);
const GAINS = [1.25, 1.5];
/** Two-sided 95 % points of Student's t for 1, 2, .. degrees of freedom. */
const T = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26];

const chosen = [['curL'], ['curL', 'curR']].filter((c) => !values.channels || values.channels === c.join());
const results: Record<string, unknown> = {};
for (const channels of chosen) {
  const runs: Awaited<ReturnType<typeof crossValidate>>[] = [];
  for (let r = 0; r < repetitions; r++)
    runs.push(await crossValidate(huskyRecordings(), channels, recipeFor(channels), r, GAINS));
  const flat = <A>(of: (run: (typeof runs)[number]) => Iterable<A>): A[] =>
    runs.flatMap((run) => [...of(run)]);
  const truth = flat((run) => run.truth);
  const { compared, ...scaling } = fitScaling({
    labels: LABELS,
    kind: 'probabilities',
    output: Float32Array.from(flat((run) => run.output)),
    truth,
    recordings: flat((run) => run.recordings),
  });
  const measured = runs.map(({ output, truth, recordings, scaled }) => {
    const about = { labels: [...LABELS], output: 'probabilities' as const, ...scaling };
    const calibrated = rows(output, LABELS.length).map((p) => probabilitiesOf(about, p));
    const raw = score(LABELS, truth, calibrated);
    const five = score(LABELS, truth, lastFive(calibrated, recordings));
    const gains = GAINS.map((gain) => {
      const p = rows(scaled.get(gain) as Float32Array, LABELS.length);
      return [`balancedAccuracyAtGain${gain}`, score(LABELS, truth, p).balancedAccuracy];
    });
    return {
      balancedAccuracy: raw.balancedAccuracy,
      balancedAccuracyOverFive: five.balancedAccuracy,
      ece: raw.ece,
      ...Object.fromEntries(gains),
      ...Object.fromEntries(LABELS.map((l) => [`recall ${l}`, raw.perClassRecall[l] as number])),
    } as Record<string, number>;
  });
  const summary = Object.fromEntries(
    Object.keys(measured[0]).map((key) => {
      const list = measured.map((m) => m[key]);
      const mean = list.reduce((a, b) => a + b, 0) / list.length;
      const sd = Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(list.length - 1, 1));
      const half = ((T[list.length - 2] ?? 2) * sd) / Math.sqrt(list.length);
      return [key, { mean: round(mean), interval95: [round(mean - half), round(mean + half)] }];
    }),
  );
  results[`${channels.length}ch`] = {
    channels,
    repetitions,
    ...scaling,
    scalingCompared: compared,
    summary,
    measured,
  };
  writeFileSync(values.out, `${JSON.stringify(results, null, 1)}\n`);
  console.log(`${channels.join(' ')}: ${JSON.stringify(summary)}`);
}

function lastFive(p: readonly Float32Array[], recordings: readonly string[]): Float32Array[] {
  return p.map((_, i) => {
    const from = Math.max(recordings.indexOf(recordings[i]), i - 4);
    const part = p.slice(from, i + 1);
    return p[i].map((_, k) => part.reduce((sum, own) => sum + own[k], 0) / part.length);
  });
}

function round(v: number): number {
  return Number(v.toFixed(4));
}
