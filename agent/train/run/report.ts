import { type ModelCard, scalingOf } from '../../model/card.ts';
import { linePlot, type Series } from '../report/charts.ts';
import { page, paragraph, plots, section, table } from '../report/page.ts';
import type { RunHeader, RunResult } from './run-files.ts';

/** Held-out windows: recording, index of the true label, and calibrated probabilities of each. */
export interface JudgedRecordings {
  readonly recordings: readonly string[];
  readonly truth: ArrayLike<number>;
  readonly probabilities: readonly Float32Array[];
}

/** The report of a run: curves, confusion, calibration, accuracy by recording. */
export function reportPage(
  header: RunHeader,
  result: RunResult,
  card: ModelCard,
  held: JudgedRecordings,
): string {
  const { options, labels } = header;
  const { heldOut: scores, history } = result;
  const percent = (v: number | null): string => (v === null ? '-' : `${(100 * v).toFixed(1)} %`);
  const summary = table(
    ['', ''],
    [
      ['held-out windows', scores.windows],
      ['accuracy', percent(scores.accuracy)],
      ['balanced accuracy', percent(scores.balancedAccuracy)],
      ['macro F1', percent(scores.macroF1)],
      ['expected calibration error', percent(scores.ece)],
      ['Brier score', scores.brier.toFixed(3)],
      ['training windows', header.trainingWindows],
      ['parameters', header.parameters],
      ['epochs', `${history.length} (weights of ${result.bestEpoch})`],
      ['optimiser', JSON.stringify(options.optimiser)],
      ['batch size', options.batchSize],
      ['seed', options.seed],
    ],
  );
  const warning =
    options.split === 'random'
      ? [
          paragraph(
            'Windows were split at random: neighbours of the judged windows were trained on. These scores flatter.',
          ),
        ]
      : [];
  return page(`Training run ${options.name}`, [
    section('Held-out scores', ...warning, summary),
    section('Curves', plots(curves(history, 'loss', true), curves(history, 'accuracy', false))),
    section(
      'Confusion (rows: truth)',
      table(
        ['', ...labels],
        scores.confusion.map((row, k) => [labels[k], ...row]),
      ),
    ),
    section(
      'Reliability',
      paragraph(`The model's outputs go through: ${scalingOf(card)}.`),
      ways(card),
      plots(reliability(result)),
    ),
    section('By recording', byRecording(labels, held)),
  ]);
}

function curves(history: RunResult['history'], what: 'loss' | 'accuracy', logY: boolean): string {
  const x = history.map((h) => h.epoch);
  const series: Series[] = [{ name: 'training', x, y: history.map((h) => h[what]) }];
  const key = what === 'loss' ? 'valLoss' : 'valAccuracy';
  if (history[0]?.[key] !== undefined)
    series.push({ name: 'held out', x, y: history.map((h) => h[key] ?? Number.NaN) });
  return linePlot(series, { title: what, xLabel: 'epoch', yLabel: what, logY });
}

function reliability({ heldOut }: RunResult): string {
  const bins = heldOut.reliability.filter((b) => b.count > 0);
  const own = {
    name: 'this model',
    x: bins.map((b) => b.confidence as number),
    y: bins.map((b) => b.accuracy as number),
  };
  const ideal = { name: 'ideal', x: [0, 1], y: [0, 1] };
  return linePlot([own, ideal], {
    title: 'how sure, how often right',
    xLabel: 'confidence',
    yLabel: 'accuracy',
    width: 340,
  });
}

/** The ways of scaling side by side, each on recordings that it was not fitted on. */
function ways({ heldOut }: ModelCard): string {
  const names = { asIs: 'as the model gives them', temperature: 'temperature', vector: 'vector' };
  return table(
    ['scaling', 'log loss (nats)', 'calibration error', 'Brier score'],
    Object.entries(heldOut.scaling ?? {}).map(([way, s]) => [
      names[way as keyof typeof names],
      s.logLoss.toFixed(3),
      s.ece.toFixed(3),
      s.brier.toFixed(3),
    ]),
  );
}

function byRecording(labels: readonly string[], held: JudgedRecordings): string {
  const found = new Map<string, { windows: number; right: number; label: number }>();
  held.recordings.forEach((id, i) => {
    const own = found.get(id) ?? { windows: 0, right: 0, label: held.truth[i] };
    const p = held.probabilities[i];
    own.windows++;
    if (p.indexOf(Math.max(...p)) === held.truth[i]) own.right++;
    found.set(id, own);
  });
  return table(
    ['recording', 'label', 'windows', 'accuracy'],
    [...found].map(([id, r]) => [id, labels[r.label], r.windows, (r.right / r.windows).toFixed(3)]),
  );
}
