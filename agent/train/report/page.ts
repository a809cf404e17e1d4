import { escapeHtml } from './charts.ts';

/** One self-contained page: no script, nothing fetched. */
export function page(title: string, sections: readonly string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
body{font:15px/1.5 sans-serif;max-width:1180px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;margin:.7em 0}td,th{border:1px solid #bbb;padding:.2em .6em;text-align:right}
th{background:#f0f0f0}td:first-child,th:first-child,td.text,th.text{text-align:left}
.plots{display:flex;flex-wrap:wrap;gap:1em}svg{max-width:100%;height:auto}
</style></head><body>
<h1>${escapeHtml(title)}</h1>
${sections.join('\n')}
</body></html>
`;
}

export function section(title: string, ...content: readonly string[]): string {
  return `<section><h2>${escapeHtml(title)}</h2>${content.join('\n')}</section>`;
}

export const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`;
export const plots = (...svg: readonly string[]): string => `<div class="plots">${svg.join('')}</div>`;

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[], tag: string): string =>
    `<tr>${cells.map((c) => `<${tag}${isText(c) ? ' class="text"' : ''}>${escapeHtml(String(c))}</${tag}>`).join('')}</tr>`;
  return `<table>${line(head, 'th')}${rows.map((r) => line(r, 'td')).join('')}</table>`;
}

/** A sentence, not a number with its unit. */
const isText = (cell: string | number): boolean => String(cell).split(' ').length > 3;
