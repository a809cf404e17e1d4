/** One metric in Prometheus' text format, version 0.0.4. Names carry base units: `_seconds`, `_bytes`, `_total`. */
export interface Metric {
  name: string;
  help: string;
  kind: 'gauge' | 'counter';
  /** One a label set; `value` NaN is left out. */
  values: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

export function gauge(name: string, help: string, value: number): Metric {
  return { name: `underfoot_${name}`, help, kind: 'gauge', values: [{ value }] };
}

export function counter(name: string, help: string, value: number): Metric {
  return { name: `underfoot_${name}_total`, help, kind: 'counter', values: [{ value }] };
}

/** A gauge or counter with one value for each of `values`, told apart by `label`. */
export function byLabel(base: Metric, label: string, values: Readonly<Record<string, number>>): Metric {
  return {
    ...base,
    values: Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value })),
  };
}

export function formatMetrics(metrics: readonly Metric[]): string {
  let text = '';
  for (const { name, help, kind, values } of metrics) {
    const known = values.filter(({ value }) => !Number.isNaN(value));
    if (known.length === 0) continue;
    text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`;
    for (const { labels, value } of known) text += `${name}${formatLabels(labels)} ${formatValue(value)}\n`;
  }
  return text;
}

function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  if (!labels) return '';
  const escaped = (value: string): string =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${Object.entries(labels)
    .map(([key, value]) => `${key}="${escaped(value)}"`)
    .join(',')}}`;
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
