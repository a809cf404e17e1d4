import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createJudge, createSamplePath, type Input } from './assemble.ts';
import { UserError } from './errors.ts';
import type { Prediction } from './judge.ts';
import type { LoadedModel } from './model/load.ts';
import { Pipeline, type PipelineWatcher } from './pipeline.ts';
import type { Protocol } from './protocol/registry.ts';
import type { RecordingBody } from './publish/payloads.ts';
import { type Clocks, systemClocks } from './reporter.ts';
import { LABEL } from './session/csv.ts';
import { freeBytes, makeSpace, type SpaceLimits } from './session/make-space.ts';
import { type OpenDisk, PARTIAL } from './session/part-file.ts';
import { refused } from './session/part-writer.ts';
import { predictionMessage } from './session/prediction-message.ts';
import type { ReadingStream } from './session/reading-stream.ts';
import { Recorder, type RecorderLimits, type RecordingState } from './session/recorder.ts';
import { type SessionClock, startSessionClock } from './session/session-clock.ts';
import { sessionMetadata } from './session/session-input.ts';
import type { Reading } from './signal/sample.ts';

/** What recordings of one robot have in common. */
export interface RecordingControlOptions {
  readonly robotId: string;
  readonly version: string;
  readonly protocol: Pick<Protocol, 'channels' | 'timeBase' | 'sequenceBits'>;
  /** As the configuration says it, for the metadata. */
  readonly protocolSpec: unknown;
  readonly input: Pick<Input, 'file' | 'calibration' | 'nominalRateHz' | 'maxGapS'>;
  /** Absent where nothing is predicted: then readings, labels and events are recorded alone. */
  readonly model?: () => LoadedModel;
  readonly space: SpaceLimits;
  readonly limits?: Partial<RecorderLimits>;
  readonly clocks?: Clocks;
  readonly clockSynchronised?: () => boolean | null;
  /** Called when something that `body` says has changed, and every ten seconds of a recording. */
  readonly onChange?: (body: RecordingBody) => void;
  readonly openDisk?: OpenDisk;
}

export interface StartRequest {
  readonly label?: string | undefined;
  readonly note?: string | undefined;
  /** Ends by itself after so long. */
  readonly durationS?: number | undefined;
}

/** Why a recording with a length ends. */
export const timeIsOver = 'the time asked for is over';

const REPORT_MS = 10_000;
const WATCH_MS = 1000;

/**
 * Records what a pipeline sees, on request: readings as they come from the decoder, predictions, drift, labels. One
 * session at a time. When a session begins, the sample path and the decision begin anew, so that a replay of the
 * session makes the very same windows and predictions; the next prediction comes one window later. Without a model
 * there is no pipeline, and a decoder's readings are recorded alone.
 */
export class RecordingControl implements PipelineWatcher {
  readonly #stream: Pipeline | ReadingStream;
  readonly #options: RecordingControlOptions;
  readonly #clocks: Clocks;
  #recorder: Recorder | undefined;
  #timers: NodeJS.Timeout[] = [];
  #busy: Promise<unknown> = Promise.resolve();
  #last: Pick<RecordingBody, 'sessionId' | 'startTime' | 'durationS' | 'samples' | 'bytes' | 'reason'> = {
    sessionId: null,
    durationS: 0,
    bytes: 0,
  };
  #freeBytes: number | null = null;
  #trouble: string | undefined;
  #driftState = '';
  #clock: SessionClock | undefined;
  /** What `undo` takes back, newest last; the label that a session began with is not in it. */
  #done: ('label' | 'mark')[] = [];

  constructor(stream: Pipeline | ReadingStream, options: RecordingControlOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#clocks = options.clocks ?? systemClocks;
  }

  /** State of the running recording; undefined when there is none. */
  get state(): RecordingState | undefined {
    return this.#recorder?.state;
  }

  /** The beginning of the last session on the agent's clock; undefined before there was one. */
  get startUs(): number | undefined {
    return this.#clock?.startUs;
  }

  /** What cannot be recorded at the moment, for the status; undefined when all is well. */
  get trouble(): string | undefined {
    const { trouble, droppedSamples = 0 } = this.#recorder?.state ?? {};
    return trouble && `recording: ${trouble}${droppedSamples > 0 ? `; ${droppedSamples} samples lost` : ''}`;
  }

  /** As it is published. */
  get body(): RecordingBody {
    const freeBytes = this.#freeBytes;
    const state = this.#recorder?.state;
    if (state === undefined) return { state: 'idle', label: null, freeBytes, ...this.#last };
    const { sessionId, label, durationS, bytes, samples } = state;
    return {
      state: 'recording',
      sessionId,
      startTime: this.#startTime,
      label,
      durationS,
      samples,
      bytes,
      freeBytes,
      reason: this.trouble,
    };
  }

  /** Begins a session. Throws UserError where one is running, the label cannot be one, or there is no room. */
  start(request: StartRequest): Promise<RecordingBody> {
    return this.#inTurn(() => this.#start(request));
  }

  /** The label from now (or from `atUs` on the agent's clock) on; null is none. Throws UserError. */
  label(label: string | null, by: string, atUs?: number): RecordingBody {
    checkLabel(label);
    this.#running().label(label, by, atUs);
    this.#done.push('label');
    return this.#report();
  }

  /** The label from a time of day on, which must lie within the recording. Throws UserError. */
  labelSince(label: string | null, by: string, time: string): RecordingBody {
    this.#running();
    const { startUs, startWallMs } = this.#clock!;
    const atUs = startUs + (Date.parse(time) - startWallMs) * 1000;
    const nowUs = this.#clocks.nowUs();
    if (atUs >= startUs && atUs <= nowUs) return this.label(label, by, atUs);
    const end = new Date(startWallMs + (nowUs - startUs) / 1000).toISOString();
    throw new UserError(`time: found ${time}, expected ${this.#startTime} to ${end}`, 64);
  }

  /** Takes the last label or mark back. Throws UserError where there is none. */
  undo(by: string): RecordingBody {
    const recorder = this.#running();
    const last = this.#done.pop();
    if (last === undefined) throw new UserError('found no label or mark to take back, expected one', 69);
    if (last === 'label') recorder.undo(by);
    else recorder.event('unmark', '');
    return this.#report();
  }

  /** Notes that something happened here. */
  mark(detail: string): RecordingBody {
    this.#running().event('mark', detail);
    this.#done.push('mark');
    return this.body;
  }

  /** Ends the session; `reason` says why, when it was not asked for. */
  stop(reason?: string): Promise<RecordingBody> {
    return this.#inTurn(() => this.#stop(reason));
  }

  onReading(reading: Reading, arrivalUs: number): void {
    this.#recorder?.reading(reading, arrivalUs);
  }

  onRestart(): void {
    this.#recorder?.event('reset', 'the bytes that follow do not continue the ones before');
  }

  onPrediction(prediction: Prediction): void {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    recorder.prediction(predictionMessage(prediction));
    const { state, moved, sinceUs } = prediction.drift;
    if (state === this.#driftState) return;
    this.#driftState = state;
    recorder.drift({ state, sinceUs, moved });
  }

  async #start({ label, note, durationS }: StartRequest): Promise<RecordingBody> {
    if (this.#recorder !== undefined) {
      throw new UserError(`found recording ${this.#recorder.state.sessionId} running, expected none`, 75);
    }
    checkLabel(label ?? null);
    const { space, robotId, limits, openDisk, version, protocol, clockSynchronised } = this.#options;
    const { nowUs, nowMs } = this.#clocks;
    const clock = startSessionClock(nowUs, nowMs, clockSynchronised?.() ?? undefined);
    const recorder = await this.#open(space.folder, () =>
      Recorder.start({
        folder: space.folder,
        sessionId: freeId(space.folder, robotId, clock.startWallMs),
        channels: protocol.channels,
        clock,
        metadata: sessionMetadata(this.#input(), { version, note, model: this.#modelOf() }),
        library: `underfoot ${version}`,
        limits,
        openDisk,
        makeSpace: async () => void (await makeSpace(space, 0)),
      }),
    );
    await this.#beginAnew();
    this.#recorder = recorder;
    this.#clock = clock;
    this.#done = [];
    this.#driftState = '';
    this.#stream.watchers.add(this);
    recorder.label(label ?? null, 'command', clock.startUs);
    if (durationS !== undefined) {
      this.#timers.push(setTimeout(() => void this.stop(timeIsOver), durationS * 1000));
    }
    this.#timers.push(
      setInterval(() => this.#watch(), WATCH_MS),
      setInterval(() => this.#report(), REPORT_MS),
    );
    await this.#measure();
    return this.#report();
  }

  async #stop(reason?: string): Promise<RecordingBody> {
    const recorder = this.#running();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    // Windows that are being judged belong to samples that were recorded.
    await this.#stream.idle();
    this.#stream.watchers.delete(this);
    this.#recorder = undefined;
    const end = await recorder.stop();
    const { sessionId, durationS, samples, bytes, complete, trouble, lostSamples } = end;
    const lost = lostSamples > 0 ? `${lostSamples} samples were lost` : undefined;
    const unclosed = complete ? undefined : `${trouble}; underfoot sessions recover completes the file`;
    const why = [reason, lost, unclosed].filter((text) => text !== undefined).join('; ') || undefined;
    const startTime = this.#startTime;
    this.#last = {
      sessionId,
      startTime,
      durationS,
      samples,
      bytes,
      ...(why !== undefined && { reason: why }),
    };
    this.#trouble = undefined;
    await this.#measure();
    return this.#report();
  }

  /** From here on, windows and smoothing depend on nothing that was before. */
  async #beginAnew(): Promise<void> {
    const { protocol, input, model } = this.#options;
    if (model === undefined || !(this.#stream instanceof Pipeline)) return;
    const path = createSamplePath(model().card, protocol, input);
    const { counts } = this.#stream.parts.path;
    await this.#stream.swap({ path, decision: createJudge(model()).decision });
    // What is reported as "since the start" goes on.
    Object.assign(path.counts, counts);
  }

  /** What the disk refuses becomes a UserError (74). */
  async #open(folder: string, open: () => Promise<Recorder>): Promise<Recorder> {
    try {
      mkdirSync(folder, { recursive: true });
      return await open();
    } catch (error) {
      throw refused(folder, error);
    }
  }

  get #startTime(): string | undefined {
    return this.#clock && new Date(this.#clock.startWallMs).toISOString();
  }

  #input() {
    const { robotId, protocol, input, protocolSpec } = this.#options;
    const { timeBase, sequenceBits } = protocol;
    const { nominalRateHz, maxGapS, calibration } = input;
    return {
      robotId,
      timeBase,
      sequenceBits,
      nominalRateHz,
      maxGapS,
      calibration: calibration?.content,
      protocol: protocolSpec,
    };
  }

  #modelOf() {
    if (this.#options.model === undefined) return undefined;
    const { card, classifier } = this.#options.model();
    return { name: card.name, version: card.version, engine: classifier.engine, files: card.files };
  }

  #running(): Recorder {
    if (this.#recorder === undefined) throw new UserError('found no recording running, expected one', 69);
    return this.#recorder;
  }

  #watch(): void {
    void this.#measure();
    if (this.trouble === this.#trouble) return;
    this.#trouble = this.trouble;
    this.#report();
  }

  async #measure(): Promise<void> {
    this.#freeBytes = await freeBytes(this.#options.space.folder).catch(() => null);
  }

  #report(): RecordingBody {
    const { body } = this;
    this.#options.onChange?.(body);
    return body;
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(action);
    this.#busy = done.catch(() => undefined);
    return done;
  }
}

/** `20260105T091500Z_rover`; a second session within the same second gets a number. */
function freeId(folder: string, robotId: string, startWallMs: number): string {
  const id = `${new Date(startWallMs).toISOString().replace(/[-:]|\.\d+/g, '')}_${robotId}`;
  const isTaken = (name: string) =>
    ['', PARTIAL].some((ending) => existsSync(join(folder, `${name}-0001.mcap${ending}`)));
  if (!isTaken(id)) return id;
  let number = 2;
  while (isTaken(`${id}_${number}`)) number++;
  return `${id}_${number}`;
}

/** Throws UserError (64) for what cannot be a label. */
export function checkLabel(label: string | null): void {
  if (label === null || (LABEL.test(label) && label.length <= 64)) return;
  throw new UserError(
    `label: found ${JSON.stringify(label.slice(0, 70))}, expected letters, digits, _ and -, up to 64`,
    64,
  );
}
