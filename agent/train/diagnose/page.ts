import { escapeHtml, linePlot } from '../report/charts.ts';
import { page, paragraph, plots, section, table } from '../report/page.ts';
import type { Diagnosis } from './diagnose.ts';

/** A diagnosis with plots of the suspect windows. */
export function diagnosisPage(d: Diagnosis): string {
  const rows = d.findings.map((f) => [f.topic, f.level, f.what, f.evidence, f.next ?? '']);
  const windows = d.suspects.map((s) =>
    linePlot([{ name: s.label, x: s.values.map((_, i) => i), y: s.values }], {
      title: `${s.recording} at ${s.startS.toFixed(1)} s: ${s.label}, taken for ${s.predicted} (${s.confidence.toFixed(2)})`,
      xLabel: 'step',
      yLabel: 'first channel',
      width: 360,
      height: 200,
    }),
  );
  return page(`Diagnosis of ${escapeHtml(d.run)}`, [
    section('Findings', table(['topic', '', 'what', 'evidence', 'what to try'], rows)),
    section(
      'Windows whose label may be wrong',
      paragraph('Ranked by their loss over the whole run; shown as the network sees them before scaling.'),
      windows.length > 0 ? plots(...windows) : paragraph('None.'),
    ),
  ]);
}
