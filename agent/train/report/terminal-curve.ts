const LEVELS = ' ▁▂▃▄▅▆▇█';

/** A loss curve in text: `width` columns, `height` lines, logarithmic, newest at the right end. */
export function terminalCurve(values: readonly number[], width: number, height: number): string[] {
  const logs = columns(values, width).map((v) => Math.log10(Math.max(v, 1e-9)));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const span = high - low || 1;
  const steps = LEVELS.length - 1;
  const filled = logs.map((v) => 1 + Math.round(((v - low) / span) * (height * steps - 1)));
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * steps;
    const text = filled.map((f) => LEVELS[Math.max(0, Math.min(steps, f - below))]).join('');
    const value = 10 ** (line === 0 ? high : line === height - 1 ? low : Number.NaN);
    return `${Number.isNaN(value) ? ''.padStart(9) : value.toPrecision(3).padStart(9)} ${text}`;
  });
}

/** Means of as many equal parts as there are columns, or the values themselves where there are fewer. */
function columns(values: readonly number[], width: number): number[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, i) => {
    const from = Math.floor((i * values.length) / width);
    const part = values.slice(from, Math.max(from + 1, Math.floor(((i + 1) * values.length) / width)));
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
}
