import { escapeHtml } from '../train/report/charts.ts';

/** A row of coloured stretches over time: what was said, or which state it was in. */
export interface Ribbon {
  readonly name: string;
  /** Ascending; each lasts until the next, the last one until `endS`. `key` chooses the colour. */
  readonly parts: readonly { readonly fromS: number; readonly key: string }[];
}

const colours: Record<string, string> = {
  warming: '#c8c8c8',
  stable: '#8fc9a0',
  warning: '#f0c05a',
  drift: '#d9534f',
  unknown: '#777777',
  '-': '#eeeeee',
};
/** Okabe and Ito's, as in the plots. */
const others = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#b3a800', '#6a51a3'];
const [left, right, rowHeight, gap] = [120, 12, 20, 6];

/** Ribbons below each other, on one time axis, with their legend, as SVG text. */
export function ribbons(rows: readonly Ribbon[], endS: number, width = 1160): string {
  const keys = [...new Set(rows.flatMap((r) => r.parts.map((p) => p.key)))];
  const free = keys.filter((key) => colours[key] === undefined);
  const colourOf = (key: string) => colours[key] ?? others[free.indexOf(key) % others.length];
  const x = (s: number) => left + (s / Math.max(endS, 1e-9)) * (width - left - right);
  const bottom = rows.length * (rowHeight + gap);
  const height = bottom + 44;
  const bars = rows.map(({ name, parts }, r) => {
    const y = r * (rowHeight + gap);
    const rects = parts.map(({ fromS, key }, i) => {
      const to = parts[i + 1]?.fromS ?? endS;
      const wide = Math.max(0.5, x(to) - x(fromS));
      return `<rect x="${x(fromS).toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${rowHeight}" fill="${colourOf(key)}"><title>${escapeHtml(key)} from ${fromS.toFixed(1)} s</title></rect>`;
    });
    return `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escapeHtml(name)}</text>${rects.join('')}`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (t) =>
      `<text x="${x(t * endS)}" y="${bottom + 12}" text-anchor="middle">${(t * endS).toFixed(0)} s</text>`,
  );
  const legend = keys.map((key, i) => {
    const at = left + i * 130;
    return `<rect x="${at}" y="${bottom + 24}" width="12" height="12" fill="${colourOf(key)}"/><text x="${at + 16}" y="${bottom + 34}">${escapeHtml(key)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeHtml(rows.map((r) => r.name).join(', '))} over time" viewBox="0 0 ${width} ${height}" width="${width}" font-size="11" font-family="sans-serif">${[...bars, ...ticks, ...legend].join('')}</svg>`;
}

/** Joins neighbours that are alike. */
export function partsOf(points: readonly { readonly atS: number; readonly key: string }[]): Ribbon['parts'] {
  return points
    .filter(({ key }, i) => i === 0 || points[i - 1].key !== key)
    .map(({ atS, key }, i) => ({ fromS: i === 0 ? 0 : atS, key }));
}
