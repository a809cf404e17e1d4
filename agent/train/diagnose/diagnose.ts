import { join } from 'node:path';
import { DataError } from '../../errors.ts';
import { loadCard } from '../../model/card-file.ts';
import { targets } from '../balance.ts';
import { normalised } from '../package-model.ts';
import { loadRunData, type RunData, rowsOf } from '../run/data.ts';
import type { RunResult } from '../run/run-files.ts';
import { readRun } from '../run/run-files.ts';
import { loadTfjs } from '../save-tfjs.ts';
import { predict } from '../step.ts';
import {
  balanceOf,
  batch,
  capacity,
  generalisation,
  labelNoise,
  learning,
  length,
  rate,
  split,
} from './checks.ts';
import type { Finding } from './finding.ts';
import { gradientNoise } from './gradient-noise.ts';
import type { Suspect } from './suspect.ts';

export interface Diagnosis {
  readonly run: string;
  readonly findings: readonly Finding[];
  readonly suspects: readonly Suspect[];
}

const SHOWN = 24;

/** Explains a finished run from its folder and the data it was trained on, which must still be there and the same. */
export async function diagnose(folder: string): Promise<Diagnosis> {
  const { header, result } = readRun(folder);
  if (!result)
    throw new DataError({
      file: join(folder, 'result.json'),
      found: 'no such file',
      expected: 'a run that has ended',
    });
  const data = loadRunData(header.options);
  if (data.sha256 !== header.dataSha256)
    throw new DataError({
      file: header.options.data,
      key: 'SHA-256',
      found: data.sha256,
      expected: `${header.dataSha256} (run.json)`,
    });
  const card = loadCard(join(folder, 'model'));
  const model = await loadTfjs(join(folder, 'model'));
  const size = data.dataset.steps * data.dataset.channels;
  const x = normalised(card, rowsOf(data.dataset.x, data.training, size));
  const truth = data.training.map((i) => data.dataset.y[i]);
  const p = predict(model, x);
  const learned = learning(header, result);
  // A network that learned nothing takes every label for wrong.
  const found = learned.level === 'problem' ? [] : suspects(data, result, p);
  const noise = gradientNoise(model, x, targets(truth, header.labels.length), header.options.seed);
  const findings = [
    ...split(header, data),
    balanceOf(header, data),
    learned,
    generalisation(header, result),
    capacity(header),
    rate(result),
    batch(header, noise),
    labelNoise(found, header),
    length(data),
  ];
  return { run: folder, findings, suspects: found.slice(0, SHOWN) };
}

/** Hard to learn over the whole run, and taken for something else at its end. */
function suspects({ dataset, training }: RunData, result: RunResult, p: Float32Array): Suspect[] {
  const labels = dataset.labels.length;
  const place = new Map(training.map((window, k) => [window, k]));
  const size = dataset.steps * dataset.channels;
  return result.hardest.flatMap((h) => {
    const row = p.subarray(place.get(h.window)! * labels, (place.get(h.window)! + 1) * labels);
    const best = row.indexOf(Math.max(...row));
    if (dataset.labels[best] === h.label || h.loss < 1) return [];
    const window = dataset.x.subarray(h.window * size, (h.window + 1) * size);
    const values = [...window].filter((_, i) => i % dataset.channels === 0);
    const { recording, startS, label, loss } = h;
    return [
      { recording, startS, label, predicted: dataset.labels[best], confidence: row[best], loss, values },
    ];
  });
}
