/** One thing that a run shows: what, how it was seen, and what to try. */
export interface Finding {
  readonly topic: string;
  readonly level: 'fine' | 'warning' | 'problem';
  readonly what: string;
  readonly evidence: string;
  readonly next?: string;
}

export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
