/** A change detector on one stream of numbers, in constant memory. */
export interface Detector {
  /** Takes one value; true when it completes the evidence for a change. */
  update(value: number): boolean;
  /** Evidence after the last value, and what it is compared with. */
  readonly statistic: number;
  readonly threshold: number;
  /** Forgets everything. */
  reset(): void;
}
