/** What runs with one change come to. */
export interface Summary {
  readonly runs: number;
  /** Share of runs with an alarm within 20 windows of the change, and within all that were waited for. */
  readonly soon: number;
  readonly ever: number;
  /** Of the runs with an alarm, in windows; null where there is none. */
  readonly medianDelay: number | null;
}

/** Found so soon counts as found. */
const SOON = 20;

/** `delays`: windows from the change to the alarm, one a run, infinite where none came. */
export function summary(delays: readonly number[]): Summary {
  const alarmed = delays.filter(Number.isFinite).sort((a, b) => a - b);
  return {
    runs: delays.length,
    soon: alarmed.filter((d) => d <= SOON).length / delays.length,
    ever: alarmed.length / delays.length,
    medianDelay: alarmed[Math.floor(alarmed.length / 2)] ?? null,
  };
}

/** As cells of a table. */
export function cells({ soon, ever, medianDelay }: Summary): string[] {
  return [percent(soon), percent(ever), String(medianDelay ?? '-')];
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Prints a table in Markdown. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`| ${head.join(' | ')} |`);
  console.log(`|${' --- |'.repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
