/**
 * What the asking and the listening side of one protocol share: which request awaits its answer. The poller asks and
 * gives up, the decoder answers; neither knows the other.
 */
export class Exchange {
  /** Index of the request whose answer is awaited, -1 when none is. */
  outstanding = -1;
  /** Answers understood since the beginning. */
  answers = 0;
  /** Requests given up since the beginning. */
  timeouts = 0;

  get waiting(): boolean {
    return this.outstanding >= 0;
  }

  ask(index: number): void {
    this.outstanding = index;
  }

  answer(): void {
    this.outstanding = -1;
    this.answers++;
  }

  giveUp(): void {
    this.outstanding = -1;
    this.timeouts++;
  }

  reset(): void {
    this.outstanding = -1;
  }
}
