/** A training window whose label may be wrong. */
export interface Suspect {
  readonly recording: string;
  readonly startS: number;
  readonly label: string;
  /** What the trained model takes it for, and how surely. */
  readonly predicted: string;
  readonly confidence: number;
  /** Mean loss over the epochs. */
  readonly loss: number;
  /** First channel. */
  readonly values: number[];
}
