import type { ModelCard } from '../model/card.ts';
import { linePlot, short } from '../train/report/charts.ts';
import { page, paragraph, plots, section, table } from '../train/report/page.ts';
import { partsOf, ribbons } from './ribbon.ts';
import { type Moment, type Moved, movedOver, type Stretch, stretchesOf } from './timeline.ts';

/** Stretches and movements that are listed; pages of long sessions stay readable. */
const listed = 60;

const advice: Record<string, string> = {
  none: '-',
  recalibrate: 'recalibrate: underfoot calibrate reference --label SURFACE',
  record: 'record labelled sessions of what is new',
  retrain: 'retrain on labelled sessions',
  'check wiring': 'check sensor, wiring and rate',
};

/** What happened in a recording, on one self-contained page. */
export function explainPage(name: string, card: ModelCard, moments: readonly Moment[]): string {
  const moved = movedOver(moments);
  const stretches = stretchesOf(moments);
  const endS = moments.at(-1)?.atS ?? 0;
  const x = moments.map((m) => m.atS);
  return page(`Drift in ${name}`, [
    section('In short', paragraph(summary(moments, moved)), states(moments), ribbonsOf(moments, endS)),
    section('What moved', moved.length > 0 ? movedTable(moved) : paragraph('Nothing came near a threshold.')),
    section('States', stretchTable(stretches)),
    section('Confidence', plots(confidence(moments, x), evidence(moments, moved, x))),
    section(
      'Inputs, and what the reference expects on the surface',
      plots(...Object.keys(moments[0]?.inputs ?? {}).map((input) => inputPlot(moments, x, input))),
    ),
    section(
      'Model',
      paragraph(
        `${card.name}@${card.version}; windows of ${card.steps} steps at ${card.rateHz} Hz, one every ${short(card.stride / card.rateHz)} s. ${
          card.rebaselined
            ? `Reference of ${card.rebaselined.at(-1)!.date}: ${card.rebaselined.at(-1)!.reason}.`
            : 'Reference from the training data.'
        }`,
      ),
    ),
  ]);
}

function summary(moments: readonly Moment[], moved: readonly Moved[]): string {
  const drifted = moments.filter((m) => m.state === 'drift');
  if (drifted.length === 0) return `${moments.length} windows, none under drift.`;
  const [worst] = moved;
  const times = short(worst.worst);
  return `${moments.length} windows, ${drifted.length} of them under drift, first after ${drifted[0].atS.toFixed(1)} s. What moved most is ${worst.what}: expected ${short(worst.reference)}, seen ${short(worst.current)} (${worst.detector}, ${times} times its threshold). What helps: ${advice[drifted[0].action]}.`;
}

function states(moments: readonly Moment[]): string {
  const share = (state: string) => moments.filter((m) => m.state === state).length;
  const labelled = moments.filter((m) => m.truth !== undefined);
  const right = labelled.filter((m) => m.label === m.truth).length;
  const percent = (n: number, of: number) => (of > 0 ? `${((100 * n) / of).toFixed(1)} %` : '-');
  return table(
    ['', 'windows', 'share'],
    [
      ...['warming', 'stable', 'warning', 'drift'].map((s) => [
        s,
        share(s),
        percent(share(s), moments.length),
      ]),
      [
        'unknown',
        moments.filter((m) => m.unknown).length,
        percent(moments.filter((m) => m.unknown).length, moments.length),
      ],
      ['right, of those with a label', right, percent(right, labelled.length)],
    ],
  );
}

function ribbonsOf(moments: readonly Moment[], endS: number): string {
  const row = (name: string, key: (m: Moment) => string) => ({
    name,
    parts: partsOf(moments.map((m) => ({ atS: m.atS, key: key(m) }))),
  });
  return ribbons(
    [
      row('drift', (m) => m.state),
      row('surface', (m) => (m.unknown ? 'unknown' : m.surface)),
      ...(moments.some((m) => m.truth !== undefined) ? [row('labelled', (m) => m.truth ?? '-')] : []),
    ],
    endS,
  );
}

function movedTable(moved: readonly Moved[]): string {
  return table(
    ['what', 'first near', 'windows beyond', 'most evidence', 'when', 'expected', 'seen', 'detector'],
    moved
      .slice(0, listed)
      .map((m) => [
        m.what,
        `${m.firstS.toFixed(1)} s`,
        m.windows,
        `${short(m.worst)} x`,
        `${m.worstS.toFixed(1)} s`,
        short(m.reference),
        short(m.current),
        m.detector,
      ]),
  );
}

function stretchTable(stretches: readonly Stretch[]): string {
  const rows = stretches
    .slice(0, listed)
    .map((s) => [
      s.state,
      `${s.fromS.toFixed(1)} s`,
      `${s.toS.toFixed(1)} s`,
      s.windows,
      s.what ?? '-',
      advice[s.action],
    ]);
  const more = stretches.length - rows.length;
  return (
    table(['state', 'from', 'to', 'windows', 'what moved most', 'what helps'], rows) +
    (more > 0 ? paragraph(`and ${more} more`) : '')
  );
}

function confidence(moments: readonly Moment[], x: readonly number[]): string {
  const estimated = moments.map((m) => m.estimatedAccuracy ?? Number.NaN);
  return linePlot(
    [
      { name: 'a window', x, y: moments.map((m) => m.confidence) },
      { name: 'smoothed', x, y: moments.map((m) => m.smoothedConfidence) },
      ...(estimated.some(Number.isFinite) ? [{ name: 'estimated accuracy', x, y: estimated }] : []),
    ],
    { title: 'confidence', xLabel: 's', yLabel: 'probability' },
  );
}

/** Evidence of the strongest movements, over their thresholds. */
function evidence(moments: readonly Moment[], moved: readonly Moved[], x: readonly number[]): string {
  const series = moved.slice(0, 5).map(({ what }) => ({
    name: what,
    x,
    y: moments.map((m) => {
      const own = m.moved.find((v) => v.what === what);
      return own ? own.statistic / own.threshold : 0;
    }),
  }));
  const limit = { name: 'threshold', x: [x[0] ?? 0, x.at(-1) ?? 1], y: [1, 1] };
  return linePlot([...series, limit], {
    title: 'evidence, as a multiple of its threshold',
    xLabel: 's',
    yLabel: 'multiple',
  });
}

function inputPlot(moments: readonly Moment[], x: readonly number[], input: string): string {
  return linePlot(
    [
      { name: 'seen', x, y: moments.map((m) => m.inputs[input]) },
      { name: 'expected', x, y: moments.map((m) => m.expected[input] ?? Number.NaN) },
    ],
    { title: input, xLabel: 's', yLabel: 'A', width: 370, height: 220 },
  );
}
