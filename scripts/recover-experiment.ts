/**
 * How well a scaled current is recovered: `npx tsx scripts/recover-experiment.ts [--cache DIR] [--out FILE]`. Needs the
 * recordings in ../shared/data. Every recording is judged by a model of the shipped recipe that was not trained on it
 * (five folds), and compared with a reference that was made without its fold.
 *
 * 1. An operator calibrates on one recording: for every recording that is long enough, every label, and three kinds of
 *    change, what is left of the gain, and how well all other recordings are then judged, against no change at all.
 * 2. Gain tracking without an operator: the recordings of a fold one after the other, as one robot would drive them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { GainTracker } from '../agent/drift/recover/gain-tracker.ts';
import { fitReference } from '../agent/drift/recover/reference-fit.ts';
import { type SurfaceLevels, surfaceLevels } from '../agent/drift/recover/surface-levels.ts';
import type { Reference } from '../agent/drift/reference.ts';
import { loadCard } from '../agent/model/card-file.ts';
import { score } from '../agent/model/metrics.ts';
import { packageRoot } from '../agent/package-root.ts';
import { drivesOf } from '../agent/session/drives.ts';
import type { Recording } from '../agent/session/recording.ts';
import { permutation, randomAt } from '../agent/train/seeded.ts';
import { FOLDS, type FoldModel, foldModel, huskyFolds } from './drift-experiment/fold-models.ts';
import { huskyRecordings, JUDGING_STRIDE, LABELS, RATE_HZ, STEPS, windowsAt } from './models/husky-data.ts';
import { type Change, changes } from './recover-experiment/changes.ts';

const { values: options } = parseArgs({
  options: {
    cache: { type: 'string', default: join(tmpdir(), 'underfoot-fold-models') },
    out: { type: 'string', default: 'docs/drift/recover.json' },
    channels: { type: 'string' },
  },
});
const gains = [1, 1.25, 1.5, 2];
const orders = 1;
/** What is left of a gain is rounded to this, so that many cases share one judgement. */
const grain = 0.02;

/** The recordings, models and references of one set of channels. */
interface Bench {
  readonly channels: readonly string[];
  readonly recordings: readonly Recording[];
  readonly folds: ReadonlyMap<string, number | undefined>;
  readonly models: readonly FoldModel[];
  readonly surfaces: readonly Record<string, SurfaceLevels>[];
  readonly resolution: Reference['resolution'];
  /** Held-out windows, recording by recording. */
  readonly windows: readonly { id: string; fold: number; truth: number; data: Float32Array }[];
}

async function bench(channels: readonly string[]): Promise<Bench> {
  const recordings = huskyRecordings();
  const folds = huskyFolds(recordings);
  const spec = {
    channels: channels.map((name) => ({ name, unit: 'A' })),
    rateHz: RATE_HZ,
    steps: STEPS,
    stride: JUDGING_STRIDE,
  };
  const drives = recordings.flatMap((r) => drivesOf(r, spec));
  const shape = { channels: channels.length, steps: STEPS, stride: JUDGING_STRIDE };
  const models: FoldModel[] = [];
  const surfaces: Record<string, SurfaceLevels>[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    models.push(await foldModel(recordings, channels, fold, options.cache));
    surfaces.push(
      surfaceLevels(
        drives.filter((d) => folds.get(d.recording) !== fold),
        shape,
      ),
    );
  }
  const all = windowsAt(recordings, channels, JUDGING_STRIDE);
  const size = STEPS * channels.length;
  const windows = all.recordingIds.flatMap((id, i) => {
    const fold = folds.get(id);
    return fold === undefined
      ? []
      : [{ id, fold, truth: all.y[i], data: all.x.slice(i * size, (i + 1) * size) }];
  });
  const { resolution } = loadCard(join(packageRoot, 'models', `husky-a200-${channels.length}ch`)).reference;
  return { channels, recordings, folds, models, surfaces, resolution, windows };
}

/** Probabilities of windows, each by the model of its fold. */
async function judge(b: Bench, windows: Bench['windows']): Promise<Float32Array[]> {
  const out: Float32Array[] = new Array(windows.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const own = [...windows.keys()].filter((i) => windows[i].fold === fold);
    const size = STEPS * b.channels.length;
    const x = new Float32Array(own.length * size);
    own.forEach((i, k) => {
      x.set(windows[i].data, k * size);
    });
    const p = await b.models[fold].predict(x);
    own.forEach((i, k) => {
      out[i] = p.slice(k * LABELS.length, (k + 1) * LABELS.length);
    });
  }
  return out;
}

/** Accuracy and balanced accuracy with the currents multiplied, by channel; without the windows of one recording. */
function scorer(b: Bench) {
  const cache = new Map<string, Promise<Float32Array[]>>();
  return async (left: readonly number[], without?: string) => {
    const rounded = left.map((g) => Math.round(Math.log(g) / grain));
    const key = rounded.join();
    const factors = rounded.map((r) => Math.exp(r * grain));
    const scale = (data: Float32Array) => data.map((v, i) => v * factors[i % factors.length]);
    if (!cache.has(key))
      cache.set(
        key,
        judge(
          b,
          b.windows.map((w) => ({ ...w, data: scale(w.data) })),
        ),
      );
    const p = await (cache.get(key) as Promise<Float32Array[]>);
    const kept = [...b.windows.keys()].filter((i) => b.windows[i].id !== without);
    return score(
      LABELS,
      kept.map((i) => b.windows[i].truth),
      kept.map((i) => p[i]),
    );
  };
}

/** Part 1: calibrate on each recording, judge the rest. */
async function operator(b: Bench) {
  const scoreAt = scorer(b);
  const rows: Record<string, unknown>[] = [];
  const count = b.channels.length;
  const spec = {
    channels: b.channels.map((name) => ({ name, unit: 'A' })),
    rateHz: RATE_HZ,
    steps: STEPS,
    stride: STEPS,
  };
  for (const change of changes) {
    for (const gain of gains) {
      for (const recording of b.recordings) {
        const fold = b.folds.get(recording.id);
        if (fold === undefined || recording.rows < STEPS) continue;
        const changed = changedRecording(recording, b.channels, change, gain);
        const drive = {
          readings: b.channels.map((_, c) =>
            Float64Array.from({ length: changed.rows }, (__, i) => changed.values[i * count + c]),
          ),
          steps: Float64Array.from(drivesOf(changed, spec).flatMap((d) => Array.from(d.data))),
        };
        const label = recording.id.split('/')[0];
        const fit = fitReference(drive, {
          channels: b.channels,
          label,
          surfaces: b.surfaces[fold],
          resolution: b.resolution,
        });
        if ('refused' in fit) {
          rows.push({ change: change.name, gain, label, recording: recording.id, refused: fit.refused });
          continue;
        }
        const left = fit.channels.map((c) => gain / c.gain);
        const [before, after] = [
          await scoreAt(
            left.map(() => 1),
            recording.id,
          ),
          await scoreAt(left, recording.id),
        ];
        rows.push({
          change: change.name,
          gain,
          label,
          recording: recording.id,
          method: fit.channels.map((c) => c.method).join(),
          left: left.map(round),
          accuracy: round(after.accuracy),
          share: round(after.accuracy / before.accuracy),
          balancedShare: round(after.balancedAccuracy / before.balancedAccuracy),
        });
      }
    }
    console.error(`${count} ch: calibrated with ${change.name}`);
  }
  const uncorrected = await Promise.all(
    gains.map(async (gain) => ({ gain, ...accuracies(await scoreAt(b.channels.map(() => gain))) })),
  );
  return { uncorrected, summary: summary(rows) };
}

function summary(rows: readonly Record<string, unknown>[]) {
  const groups = new Map<string, Record<string, unknown>[]>();
  for (const row of rows) {
    const key = `${row.change}, x ${row.gain}, ${row.label}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].map(([key, own]) => {
    const done = own.filter((r) => r.refused === undefined);
    const of = (name: string) => done.map((r) => r[name] as number).sort((x, y) => x - y);
    const [share, balanced] = [of('share'), of('balancedShare')];
    const off = done
      .flatMap((r) => (r.left as number[]).map((g) => Math.abs(Math.log(g))))
      .sort((x, y) => x - y);
    return {
      case: key,
      recordings: own.length,
      refused: own.length - done.length,
      lattice: done.filter((r) => !(r.method as string).includes('levels')).length,
      gainOffMedian: off.length > 0 ? round(off[Math.floor(off.length / 2)]) : null,
      median: share[Math.floor(share.length / 2)] ?? null,
      worst: share[0] ?? null,
      balancedMedian: balanced[Math.floor(balanced.length / 2)] ?? null,
      balancedWorst: balanced[0] ?? null,
    };
  });
}

/** Part 2: a fold's recordings as one robot drives them, in the folder's order and in a shuffled one. */
async function tracked(b: Bench) {
  const results: Record<string, unknown>[] = [];
  for (const change of changes) {
    for (const gain of gains) {
      for (let order = 0; order <= orders; order++) {
        const corrected: { id: string; fold: number; truth: number; data: Float32Array }[] = [];
        const reached: number[] = [];
        for (let fold = 0; fold < FOLDS; fold++) {
          const tracker = new GainTracker(
            { surfaces: b.surfaces[fold], resolution: b.resolution } as Reference,
            { channels: b.channels, steps: STEPS, stride: JUDGING_STRIDE, rateHz: RATE_HZ },
          );
          const own = b.windows.filter((w) => w.fold === fold);
          for (const id of ordered([...new Set(own.map((w) => w.id))], order, fold)) {
            own.forEach((w, index) => {
              if (w.id !== id) return;
              const data = change.apply(w.data, gain, index);
              corrected.push({ ...w, data: tracker.correct(data, RATE_HZ) });
            });
          }
          reached.push(...tracker.state.gain);
        }
        const p = await judge(b, corrected);
        const scores = score(
          LABELS,
          corrected.map((w) => w.truth),
          p,
        );
        results.push({
          change: change.name,
          gain,
          order,
          reached: reached.map(round),
          ...accuracies(scores),
        });
      }
    }
    console.error(`${b.channels.length} ch: tracked with ${change.name}`);
  }
  return results;
}

function ordered(ids: readonly string[], order: number, fold: number): string[] {
  const sorted = [...ids].sort();
  if (order === 0) return sorted;
  return [...permutation(sorted.length, randomAt(900 + order, fold))].map((i) => sorted[i]);
}

function changedRecording(
  recording: Recording,
  channels: readonly string[],
  change: Change,
  gain: number,
): Recording {
  const { rows, values } = recording;
  const width = recording.channels.length;
  const own = new Float32Array(rows * channels.length);
  channels.forEach((name, c) => {
    const at = recording.channels.indexOf(name);
    for (let i = 0; i < rows; i++) own[i * channels.length + c] = values[i * width + at];
  });
  return { ...recording, channels, values: Float64Array.from(change.apply(own, gain, 0)) };
}

function accuracies({ accuracy, balancedAccuracy }: { accuracy: number; balancedAccuracy: number }) {
  return { accuracy: round(accuracy), balancedAccuracy: round(balancedAccuracy) };
}

function round(v: number): number {
  return Number(v.toFixed(4));
}

const everyone = huskyRecordings();
const folds = huskyFolds(everyone);
const results: Record<string, unknown> = {
  folds: Object.fromEntries(everyone.map(({ id }) => [id, folds.get(id) ?? null])),
};
for (const channels of [['curL'], ['curL', 'curR']]) {
  if (options.channels !== undefined && options.channels !== channels.join()) continue;
  const b = await bench(channels);
  const tracking = await tracked(b);
  results[`${channels.length}ch`] = { tracking, operator: await operator(b) };
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(results, null, 1)}\n`);
}
