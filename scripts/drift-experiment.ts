/**
 * How soon drift is found, how often it is claimed wrongly, and how a surface that was never seen stands out:
 * `npx tsx scripts/drift-experiment.ts [NAME...] [--cache DIR] [--runs 100] [--hours 24]`. Every window is judged by a model
 * of the shipped recipe that had not seen its recording; those models are trained, or taken from the cache. Writes
 * docs/drift/NAME.json with the confidence streams beside it in --streams DIR (for scripts/drift-experiment/peers.py),
 * and prints Markdown.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { entropy } from '../agent/decision/decision.ts';
import { FeatureDistance } from '../agent/drift/distance.ts';
import { FeatureExtractor } from '../agent/drift/features.ts';
import type { ModelCard } from '../agent/model/card.ts';
import { loadCard } from '../agent/model/card-file.ts';
import { packageRoot } from '../agent/package-root.ts';
import { type Condition, conditions, heavier, scaled } from './drift-experiment/conditions.ts';
import { FOLDS, type FoldModel, foldModel, huskyFolds } from './drift-experiment/fold-models.ts';
import { auroc, delays, estimates, falseAlarms } from './drift-experiment/follow.ts';
import { simulatedRobot, UNKNOWN_TRUTH } from './drift-experiment/other-robot.ts';
import { type RampResult, ramp } from './drift-experiment/ramp.ts';
import { type JudgedWindow, judgedWindows } from './drift-experiment/streams.ts';
import { cells, percent, printTable, type Summary, summary } from './drift-experiment/summary.ts';
import { huskyRecordings, JUDGING_STRIDE, LABELS } from './models/husky-data.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    cache: { type: 'string', default: join(tmpdir(), 'underfoot-fold-models') },
    runs: { type: 'string', default: '100' },
    hours: { type: 'string', default: '24' },
    streams: { type: 'string' },
  },
});
const RUNS = Number(values.runs);
/** Gains that the current creeps through within an hour. */
const CREEP = [1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.45, 1.5];
const recordings = huskyRecordings();
for (const name of positionals.length > 0 ? positionals : ['husky-a200-1ch', 'husky-a200-2ch'])
  await run(name);

async function run(name: string): Promise<void> {
  const card = loadCard(join(packageRoot, 'models', name));
  const models = await foldModels(card);
  const stable = await judgedWindows(recordings, card, models);
  const length = Math.round((Number(values.hours) * 3600 * card.rateHz) / JUDGING_STRIDE);
  const stableDrives = [1, 2, 3].map((seed) => falseAlarms(card, stable, length, 1000 + seed));
  const rows: Row[] = [];
  const keep: Record<string, number[]> = { none: confidences(stable) };
  const changes: [string, JudgedWindow[]][] = [];
  for (const condition of conditionsFor(card)) {
    changes.push([condition.name, await judgedWindows(recordings, card, models, condition)]);
  }
  changes.push(['another robot (simulated)', await simulatedRobot(card, models)]);
  for (const [change, changed] of changes) {
    const found = delays(card, stable, changed, RUNS, { lattice: true });
    const blind = delays(card, stable, changed, RUNS, { lattice: false });
    rows.push({
      change,
      accuracy: accuracyOf(changed),
      ...estimates(card, changed, { lattice: true }),
      confidence: meanConfidence(changed),
      ...summary(found),
      withoutLattice: summary(blind),
    });
    keep[change] = confidences(changed);
    console.error(change, rows.at(-1));
  }
  const result: Result = {
    model: `${card.name}@${card.version}`,
    runs: RUNS,
    stable: {
      hours: Number(values.hours),
      accuracy: accuracyOf(stable),
      ...estimates(card, stable, { lattice: true }),
      confidence: meanConfidence(stable),
      drives: stableDrives,
    },
    changes: rows,
    creeping: { load: await creeping(card, models, heavier), gain: await creeping(card, models, scaled) },
    unseen: await unseen(card, stable),
  };
  mkdirSync(join(packageRoot, 'docs/drift'), { recursive: true });
  writeFileSync(join(packageRoot, 'docs/drift', `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (values.streams) {
    mkdirSync(values.streams, { recursive: true });
    writeFileSync(join(values.streams, `${name}.json`), JSON.stringify(keep));
  }
  print(result);
}

interface Result {
  readonly model: string;
  readonly runs: number;
  readonly stable: {
    readonly hours: number;
    readonly accuracy: number | null;
    /** Estimated accuracy, and how often the true one lies in its interval. */
    readonly estimated: number;
    readonly inside: number;
    readonly confidence: number;
    readonly drives: readonly { readonly alarms: number; readonly driftShare: number }[];
  };
  readonly changes: readonly Row[];
  /** The current creeps to 1.5 times within an hour: as a load, and with the converter's steps. */
  readonly creeping: Readonly<Record<'load' | 'gain', RampResult>>;
  readonly unseen: Awaited<ReturnType<typeof unseen>>;
}

interface Row extends Summary {
  readonly change: string;
  readonly accuracy: number | null;
  /** Estimated accuracy, and how often the true one lies in its interval; of no meaning where the accuracy is null. */
  readonly estimated: number;
  readonly inside: number;
  readonly confidence: number;
  readonly withoutLattice: Summary;
}

/** The gain grows to 1.5 within an hour and stays there for another. */
async function creeping(card: ModelCard, models: readonly FoldModel[], change: typeof scaled) {
  const steps: Parameters<typeof ramp>[1][number][] = [];
  for (const gain of CREEP)
    steps.push({ gain, windows: await judgedWindows(recordings, card, models, change(gain)) });
  const hour = Math.round((3600 * card.rateHz) / JUDGING_STRIDE);
  const windowsPerStep = Math.round(hour / CREEP.length);
  return ramp(card, steps, { windowsPerStep, after: hour, runs: RUNS }, { lattice: true });
}

function conditionsFor(card: ModelCard): Condition[] {
  return conditions.filter((c) => !c.needsTwoChannels || card.channels.length > 1);
}

async function foldModels(card: ModelCard): Promise<FoldModel[]> {
  const channels = card.channels.map((c) => c.name);
  const models: FoldModel[] = [];
  for (let fold = 0; fold < FOLDS; fold++)
    models.push(await foldModel(recordings, channels, fold, values.cache));
  return models;
}

/** Each label in turn is taken out of one fold's training: do its windows stand out from the known ones of that fold? */
async function unseen(card: ModelCard, stable: readonly JudgedWindow[]) {
  const channels = card.channels.map((c) => c.name);
  const folds = huskyFolds(recordings);
  const distance = new FeatureDistance(card.reference, new FeatureExtractor(channels, card.steps).names);
  const results: { label: string; entropy: number; distance: number }[] = [];
  for (const [fold, label] of LABELS.entries()) {
    const model = await foldModel(recordings, channels, fold, values.cache, label);
    const judged = await judgedWindows(
      recordings.filter((r) => folds.get(r.id) === fold || r.id.startsWith(`${label}/`)),
      card,
      Array.from({ length: FOLDS }, () => model),
    );
    const [other, known] = [true, false].map((is) => judged.filter((w) => (w.truth === fold) === is));
    const score = (of: (w: JudgedWindow) => number) => auroc(other.map(of), known.map(of));
    results.push({
      label,
      entropy: score((w) => entropy(w.probabilities)),
      distance: score((w) => distance.of(w.features)),
    });
  }
  const rejected = stable.filter((w) => isRejected(card, w, distance)).length / stable.length;
  return { labels: results, statedFalseRejectRate: card.decision.falseRejectRate, falseRejectRate: rejected };
}

function isRejected(card: ModelCard, window: JudgedWindow, distance: FeatureDistance): boolean {
  const { maxEntropy = Infinity, maxDistance = Infinity, minMargin = 0 } = card.decision;
  const [first, second] = [...window.probabilities].sort((a, b) => b - a);
  return (
    entropy(window.probabilities) > maxEntropy ||
    distance.of(window.features) > maxDistance ||
    first - second < minMargin
  );
}

/** Null where the surfaces have no label. */
function accuracyOf(windows: readonly JudgedWindow[]): number | null {
  if (windows.some(({ truth }) => truth >= UNKNOWN_TRUTH)) return null;
  const right = windows.filter((w) => w.probabilities.indexOf(Math.max(...w.probabilities)) === w.truth);
  return right.length / windows.length;
}

function confidences(windows: readonly JudgedWindow[]): number[] {
  return windows.map((w) => Number(Math.max(...w.probabilities).toFixed(4)));
}

function meanConfidence(windows: readonly JudgedWindow[]): number {
  return windows.reduce((sum, w) => sum + Math.max(...w.probabilities), 0) / windows.length;
}

function print({ model, stable, changes, creeping, unseen }: Result): void {
  const { hours, drives } = stable;
  console.log(`\n${model}\n\nFalse alarms in ${hours} h: ${drives.map((d) => d.alarms).join(', ')}\n`);
  const each = ['within 20', 'within 200', 'median'];
  printTable(
    [
      'change',
      'accuracy',
      'estimated',
      'inside',
      'confidence',
      ...each,
      ...each.map((head) => `${head}, without lattice`),
    ],
    changes.map((row) => [
      row.change,
      row.accuracy === null ? '-' : row.accuracy.toFixed(2),
      row.estimated.toFixed(2),
      row.accuracy === null ? '-' : percent(row.inside),
      row.confidence.toFixed(2),
      ...cells(row),
      ...cells(row.withoutLattice),
    ]),
  );
  const { accuracy, estimated, inside, confidence } = stable;
  console.log(`\nundisturbed: ${JSON.stringify({ accuracy, estimated, inside, confidence })}\n`);
  printTable(
    [
      'creeps within an hour to x 1.5',
      'found meanwhile',
      'within two hours',
      'median minutes',
      'median gain',
    ],
    Object.entries(creeping).map(([what, r]) => [
      what,
      percent(r.whileGrowing),
      percent(r.ever),
      String(r.medianMinutes ?? '-'),
      String(r.medianGain ?? '-'),
    ]),
  );
  console.log(`\n${JSON.stringify(unseen)}`);
}
