/** Plots as SVG text: no script, no font, no address, so that a page of them opens anywhere. */
export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface PlotOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly logY?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** Okabe and Ito's colours, told apart by the colour-blind too. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999'];
const LEFT = 66;
const BOTTOM = 40;
const TOP = 30;
const RIGHT = 18;
/** Width of a character of the legend, about. */
const LETTER = 6.2;

export function linePlot(series: readonly Series[], o: PlotOptions): string {
  const { width = 560, height = 300 } = o;
  // The legend stands beside the plot, where no line crosses it.
  const right = RIGHT + (series.length > 1 ? 8 + LETTER * Math.max(...series.map((s) => s.name.length)) : 0);
  const usable = (v: number): boolean => Number.isFinite(v) && (!o.logY || v > 0);
  const xs = series.flatMap((s) => s.x.filter(Number.isFinite));
  const ys = series.flatMap((s) => s.y.filter(usable)).map((v) => (o.logY ? Math.log10(v) : v));
  const [x0, x1] = range(xs);
  const [y0, y1] = range(ys);
  const px = (v: number): number => LEFT + ((v - x0) / (x1 - x0)) * (width - LEFT - right);
  const py = (v: number): number =>
    height - BOTTOM - (((o.logY ? Math.log10(v) : v) - y0) / (y1 - y0)) * (height - BOTTOM - TOP);
  const lines = series.map((s, i) => {
    const every = Math.max(1, Math.ceil(s.x.length / 800));
    const points = s.x.flatMap((x, k) =>
      (k % every === 0 || k === s.x.length - 1) && usable(s.y[k])
        ? [`${px(x).toFixed(1)},${py(s.y[k]).toFixed(1)}`]
        : [],
    );
    return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="1.3" points="${points.join(' ')}"/>`;
  });
  const legend = (series.length > 1 ? series : []).map(
    (s, i) =>
      `<text x="${width - right + 8}" y="${TOP + 14 + 14 * i}" fill="${COLOURS[i % COLOURS.length]}">${escapeHtml(s.name)}</text>`,
  );
  const yTick = (t: number): string => {
    const value = y0 + t * (y1 - y0);
    return short(o.logY ? 10 ** value : value);
  };
  const axes = [0, 0.25, 0.5, 0.75, 1].map((t) => {
    const y = height - BOTTOM - t * (height - BOTTOM - TOP);
    const x = LEFT + t * (width - LEFT - right);
    return `<path d="M${LEFT} ${y}H${width - right}" stroke="#ddd"/><text x="${LEFT - 4}" y="${y + 4}" text-anchor="end">${yTick(t)}</text><text x="${x}" y="${height - BOTTOM + 15}" text-anchor="middle">${short(x0 + t * (x1 - x0))}</text>`;
  });
  return frame(o, width, height, [...axes, ...lines, ...legend]);
}

/** Bars with their values; `error` is half the length of a whisker. */
export function barPlot(
  bars: readonly { name: string; value: number; error?: number }[],
  o: Omit<PlotOptions, 'logY'>,
): string {
  const width = o.width ?? 560;
  const height = TOP + BOTTOM + 20 * bars.length;
  const most = Math.max(...bars.map((b) => b.value + (b.error ?? 0)), 1e-9);
  const names = 170;
  const px = (v: number): number => names + (v / most) * (width - names - 60);
  const rows = bars.map((b, i) => {
    const y = TOP + 20 * i;
    const whisker = b.error
      ? `<path d="M${px(Math.max(b.value - b.error, 0))} ${y + 8}H${px(b.value + b.error)}" stroke="#000"/>`
      : '';
    return `<text x="${names - 6}" y="${y + 12}" text-anchor="end">${escapeHtml(b.name)}</text><rect x="${names}" y="${y + 2}" width="${Math.max(px(b.value) - names, 0)}" height="13" fill="${COLOURS[0]}"/>${whisker}<text x="${px(b.value + (b.error ?? 0)) + 4}" y="${y + 12}">${short(b.value)}</text>`;
  });
  return frame(o, width, height, rows);
}

function frame(o: PlotOptions, width: number, height: number, parts: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeHtml(o.title)}" viewBox="0 0 ${width} ${height}" width="${width}" font-size="11" font-family="sans-serif">` +
    `<text x="${width / 2}" y="16" text-anchor="middle" font-weight="bold">${escapeHtml(o.title)}</text>${parts.join('')}` +
    `<text x="${width / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(o.xLabel)}</text>` +
    `<text transform="translate(12 ${height / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(o.yLabel)}</text></svg>`
  );
}

function range(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

export function short(v: number): string {
  if (v === 0) return '0';
  const size = Math.abs(v);
  return size >= 1e5 || size < 1e-3 ? v.toExponential(1) : String(Number(v.toPrecision(3)));
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
