/** `waiting`: not there now, and tried again; `closed`: by the owner, for good. */
export type SourceState = 'opening' | 'open' | 'waiting' | 'closed';

export interface SourceHandlers {
  /**
   * Bytes in the order in which they came, and when (us on the monotonic clock of the process). The memory is used
   * again for the next bytes: take what you need before returning.
   */
  onBytes(bytes: Uint8Array, arrivalUs: number): void;
  /** `reason` says why, for a person; always there for `waiting`. */
  onState(state: SourceState, reason?: string): void;
}

/** Where bytes come from: a serial port or a socket. It looks after its own connection and never gives up. */
export interface ByteSource {
  /** Once. */
  start(handlers: SourceHandlers): void;
  /** Sends bytes; dropped (and counted) while the source is not open. */
  write(bytes: Uint8Array): void;
  /** Writes that were dropped. */
  readonly droppedWrites: number;
  /** Times that the source was opened. */
  readonly opened: number;
  close(): Promise<void>;
}
