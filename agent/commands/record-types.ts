/** One channel as a person sees it. */
export interface ChannelSnapshot {
  readonly name: string;
  readonly unit: string;
  readonly last: number;
  /** Means over tenths of a second, oldest first. */
  readonly history: readonly number[];
}

/** What a person sees of a recording that is under way. */
export interface RecordSnapshot {
  readonly sessionId: string;
  /** Who has the port: `here` or the running service. */
  readonly where: 'here' | 'service';
  readonly label: string | null;
  readonly durationS: number;
  readonly samples: number | undefined;
  readonly bytes: number;
  readonly freeBytes: number | null;
  /** NaN where it is not known. */
  readonly rateHz: number;
  readonly channels: readonly ChannelSnapshot[];
  readonly surface?: { readonly label: string; readonly confidence: number } | undefined;
  /** What is wrong at the moment. */
  readonly trouble: string | undefined;
}

/** How a recording ended. */
export interface RecordResult {
  readonly sessionId: string;
  readonly files?: readonly string[] | undefined;
  readonly durationS: number;
  readonly samples: number | undefined;
  readonly bytes: number;
  readonly labelS?: Readonly<Record<string, number>> | undefined;
  /** Why it ended, when the person at the keyboard did not say so. */
  readonly reason?: string | undefined;
  /** Of the command: 0 where all is safe. */
  readonly exitCode: number;
}

/** A recording that is under way, by this process or by the service. */
export interface Ongoing {
  readonly sessionId: string;
  readonly startTime: string;
  /** Since the beginning. */
  readonly elapsedUs: number;
  /** Labels that the model in use knows. */
  readonly modelLabels: readonly string[];
  snapshot(): RecordSnapshot;
  /** The label from now on, or from so many microseconds after the beginning on. Throws UserError. */
  label(label: string | null, by: string, offsetUs?: number): Promise<void>;
  mark(): Promise<void>;
  undo(): Promise<void>;
  /** Ends it, once; `ended` says how that went. */
  stop(): Promise<void>;
  readonly ended: Promise<RecordResult>;
}
