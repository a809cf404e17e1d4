import type { Reading } from '../signal/sample.ts';
import { LabelTimeline } from './label-timeline.ts';
import type { McapMessage } from './mcap-writer.ts';
import { GroupQueue } from './message-queue.ts';
import type { OpenDisk } from './part-file.ts';
import { PartWriter } from './part-writer.ts';
import { processIdentity } from './process-identity.ts';
import { SampleBatch } from './samples-codec.ts';
import type { SessionClock } from './session-clock.ts';
import { summarise } from './summary.ts';
import {
  DRIFT,
  EVENTS,
  type EventMessage,
  LABELS,
  type LabelMessage,
  PREDICTIONS,
  SAMPLES,
} from './topics.ts';

/** Bounds and pace of a recording. */
export interface RecorderLimits {
  /** Age of the oldest sample at which a chunk is closed and written: what a power cut can cost, with the sync. */
  readonly chunkMs: number;
  readonly maxPartBytes: number;
  readonly maxPartS: number;
  readonly maxQueueBytes: number;
}

const defaultLimits: RecorderLimits = {
  chunkMs: 700,
  maxPartBytes: 64 * 2 ** 20,
  maxPartS: 3600,
  maxQueueBytes: 8 * 2 ** 20,
};

export interface RecorderOptions {
  readonly folder: string;
  readonly sessionId: string;
  readonly channels: readonly string[];
  readonly clock: SessionClock;
  /** Written at the head of every file: what a replay needs (robot, protocol, calibration, model, version, note). */
  readonly metadata: Record<string, Record<string, string>>;
  /** Name and version of the program. */
  readonly library: string;
  readonly limits?: Partial<RecorderLimits>;
  /** Called before a file is begun and when the disk is full; throws to refuse. */
  readonly makeSpace?: () => Promise<void>;
  readonly openDisk?: OpenDisk;
}

export interface RecordingState {
  readonly sessionId: string;
  readonly label: string | null;
  readonly samples: number;
  readonly durationS: number;
  /** On the disk. */
  readonly bytes: number;
  readonly droppedSamples: number;
  /** Not on the disk yet, beside the chunk that is being gathered. */
  readonly waitingBytes: number;
  /** Why nothing can be written at the moment. */
  readonly trouble: string | undefined;
  readonly files: readonly string[];
  readonly writes: number;
  readonly syncs: number;
}

/** `complete` is false where the disk refused: a file is `.partial` and can be recovered. `lostSamples` never reached it. */
export type RecordingEnd = RecordingState & { readonly complete: boolean; readonly lostSamples: number };

const TICK_MS = 100;
const BATCH_SAMPLES = 256;
const BATCH_US = 250_000;
const encoder = new TextEncoder();

/**
 * Records one session. What it is given is copied at once and written behind the caller's back: no call waits for
 * the disk, and none throws because of it. At most `limits.chunkMs` plus one tick (100 ms) plus one sync of data is
 * not on the disk yet.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #limits: RecorderLimits;
  readonly #queue: GroupQueue;
  readonly #writer: PartWriter;
  readonly #batch: SampleBatch;
  readonly #labels = new LabelTimeline();
  readonly #timer: NodeJS.Timeout;
  #messages: McapMessage[] = [];
  #messageSamples = 0;
  /** What was dropped since the last group that the queue took, and the event that says so. */
  #hole: { readonly samples: number; readonly event: McapMessage } | undefined;
  /** When the oldest thing came that is in no chunk yet. */
  #oldestUs = Number.NaN;
  #samples = 0;
  #lastUs: number;
  #partStartUs = 0;

  private constructor(options: RecorderOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#lastUs = options.clock.startUs;
    this.#queue = new GroupQueue(this.#limits.maxQueueBytes);
    this.#batch = new SampleBatch(options.channels, BATCH_SAMPLES);
    this.#writer = new PartWriter(
      this.#queue,
      {
        head: (number) => this.#head(number),
        opening: () =>
          this.#labels.made.map((made) => this.#labelMessage({ op: 'set', ...made, by: 'carried' })),
        tail: (samples) => summarise(samples, this.#labels, this.#partStartUs, this.#unwrittenUs),
        makeSpace: options.makeSpace ?? (async () => undefined),
      },
      { ...options, ...this.#limits, maxPartUs: this.#limits.maxPartS * 1e6, nowUs: options.clock.nowUs },
    );
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Opens the first file. Throws where the folder cannot be written. */
  static async start(options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(options);
    try {
      await recorder.#writer.open();
    } catch (error) {
      clearInterval(recorder.#timer);
      throw error;
    }
    return recorder;
  }

  /** A reading as it left the decoder. Copies; allocates nothing but once a batch. */
  reading(reading: Reading, arrivalUs: number): void {
    this.#batch.add(reading, arrivalUs);
    this.#lastUs = arrivalUs;
    if (Number.isNaN(this.#oldestUs)) this.#oldestUs = arrivalUs;
    const full = this.#batch.count === BATCH_SAMPLES || arrivalUs - this.#batch.firstArrivalUs >= BATCH_US;
    if (full) this.#endBatch();
  }

  /** The label from `atUs` (default: now) on; null is none. */
  label(label: string | null, by: string, atUs: number = this.#options.clock.nowUs()): void {
    this.#change({ op: 'set', label, atUs, by });
  }

  /** Takes the last label back as if it had never been set. */
  undo(by: string): void {
    this.#change({ op: 'undo', label: null, atUs: this.#options.clock.nowUs(), by });
  }

  /** Something that happened: `mark`, `note`, or `reset` where the next sample does not continue the last. */
  event(kind: string, detail: string): void {
    this.#endBatch();
    const atUs = this.#options.clock.nowUs();
    this.#add(EVENTS, atUs, { kind, atUs, atSample: this.#samples, detail } satisfies EventMessage);
  }

  prediction(payload: object): void {
    this.#endBatch();
    this.#add(PREDICTIONS, this.#options.clock.nowUs(), payload);
  }

  drift(payload: object): void {
    this.#add(DRIFT, this.#options.clock.nowUs(), payload);
  }

  get state(): RecordingState {
    return {
      sessionId: this.#options.sessionId,
      label: this.#labels.at(this.#options.clock.nowUs()),
      samples: this.#samples + this.#batch.count,
      durationS: this.#seconds,
      bytes: this.#writer.bytes,
      droppedSamples: this.#queue.droppedSamples,
      waitingBytes: this.#queue.bytes,
      trouble: this.#writer.trouble,
      files: this.#writer.files,
      writes: this.#writer.writes,
      syncs: this.#writer.syncs,
    };
  }

  /** Writes what is left and closes the file. */
  async stop(): Promise<RecordingEnd> {
    clearInterval(this.#timer);
    this.#endBatch();
    this.#endGroup();
    const complete = await this.#writer.close();
    return { ...this.state, complete, lostSamples: this.#queue.droppedSamples + this.#queue.samples };
  }

  /** Where a file ends and the next one goes on: the oldest thing that waits for the disk, which may be long ago. */
  get #unwrittenUs(): number {
    return this.#queue.peek()?.fromUs ?? this.#lastUs;
  }

  get #seconds(): number {
    return (this.#lastUs - this.#options.clock.startUs) / 1e6;
  }

  /** Closes the chunk now and has it written, without waiting for the disk. */
  flush(): void {
    this.#endBatch();
    this.#endGroup();
    this.#writer.pump();
  }

  #tick(): void {
    const ageUs = this.#options.clock.nowUs() - this.#oldestUs;
    if (ageUs >= this.#limits.chunkMs * 1000) this.flush();
    else if (this.#queue.length > 0 || this.#writer.trouble !== undefined) this.#writer.pump();
  }

  #change(message: LabelMessage): void {
    this.#labels.apply(message);
    this.#push(this.#labelMessage(message));
  }

  #labelMessage(message: LabelMessage): McapMessage {
    const logTimeNs = this.#options.clock.toNs(message.atUs);
    return { topic: LABELS, logTimeNs, data: encoder.encode(JSON.stringify(message)) };
  }

  #endBatch(): void {
    const { count, firstArrivalUs } = this.#batch;
    if (count === 0) return;
    const message = this.#batch.take(this.#samples);
    this.#samples += count;
    this.#messageSamples += count;
    this.#add(SAMPLES, firstArrivalUs, message);
  }

  #add(topic: number, atUs: number, payload: object): void {
    const data = encoder.encode(JSON.stringify(payload));
    this.#push({ topic, logTimeNs: this.#options.clock.toNs(atUs), data });
  }

  #push(message: McapMessage): void {
    this.#messages.push(message);
    if (Number.isNaN(this.#oldestUs)) this.#oldestUs = this.#options.clock.nowUs();
  }

  #endGroup(): void {
    if (this.#messages.length === 0) return;
    const group = { messages: this.#messages, samples: this.#messageSamples, fromUs: this.#oldestUs };
    this.#messages = [];
    this.#messageSamples = 0;
    this.#oldestUs = Number.NaN;
    if (this.#queue.push(group)) this.#hole = undefined;
    else this.#drop(group.samples);
  }

  /** One event a hole, however long the disk hangs: it says how much is missing, and stands where the data go on. */
  #drop(more: number): void {
    if (this.#hole) this.#queue.forget(this.#hole.event);
    const samples = more + (this.#hole?.samples ?? 0);
    this.event('reset', `${samples} samples dropped: the disk was too slow`);
    this.#hole = { samples, event: this.#messages[this.#messages.length - 1] };
  }

  #head(number: number): Record<string, Record<string, string>> {
    const { sessionId, channels, clock, metadata } = this.#options;
    this.#partStartUs = number === 1 ? clock.startUs : this.#unwrittenUs;
    const session = {
      id: sessionId,
      part: String(number),
      channels: JSON.stringify(channels),
      startUs: String(clock.startUs),
      startTime: new Date(clock.startWallMs).toISOString(),
      clockSynchronised: String(clock.synchronised),
    };
    const owner = processIdentity(process.pid);
    return { session, ...(owner && { owner }), ...metadata };
  }
}
