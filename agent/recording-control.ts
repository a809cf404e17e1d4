import type { GainTracker } from './drift/recover/gain-tracker.ts';
import { UserError } from './errors.ts';
import { Pipeline } from './pipeline.ts';
import type { RecordingBody } from './publish/payloads.ts';
import { RecordingNotes } from './recording-notes.ts';
import { type EndedSession, endedSession, noSession, runningBody, troubleOf } from './recording-report.ts';
import {
  beginAnew,
  checkLabel,
  freshGain,
  type OpenSession,
  openSession,
  problemOf,
  type SessionSource,
} from './recording-session.ts';
import { SessionWatcher } from './recording-watcher.ts';
import { type Clocks, systemClocks } from './reporter.ts';
import { freeBytes } from './session/make-space.ts';
import type { ReadingStream } from './session/reading-stream.ts';
import type { Recorder, RecordingEnd, RecordingState } from './session/recorder.ts';

export interface RecordingControlOptions extends SessionSource {
  readonly clocks?: Clocks;
  /** Called when something that `body` says has changed, and every ten seconds of a recording. */
  readonly onChange?: (body: RecordingBody) => void;
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
 * session makes the very same windows and predictions; the next prediction comes one window later. The predictions of a
 * session are those of one model: with another one, the next session begins. Without a model there is no pipeline, and
 * a decoder's readings are recorded alone.
 */
export class RecordingControl {
  readonly #stream: Pipeline | ReadingStream;
  readonly #options: RecordingControlOptions;
  readonly #clocks: Clocks;
  #session: OpenSession | undefined;
  /** Of which the last part is being written: it takes nothing more, and is not the last session yet. */
  #closing: OpenSession | undefined;
  /** What the last session was begun with, and the one before it where they belong together. */
  #about: { readonly note?: string | undefined; readonly continues?: string | undefined } = {};
  #timers: NodeJS.Timeout[] = [];
  #busy: Promise<unknown> = Promise.resolve();
  #last: EndedSession = noSession;
  /** Samples that sessions before the running one lost. */
  #lostBefore = 0;
  #freeBytes: number | null = null;
  #trouble: string | undefined;
  #watcher: SessionWatcher | undefined;
  #notes: RecordingNotes | undefined;
  #startUs: number | undefined;

  constructor(stream: Pipeline | ReadingStream, options: RecordingControlOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#clocks = options.clocks ?? systemClocks;
  }

  /** State of the running recording; undefined when there is none. */
  get state(): RecordingState | undefined {
    return this.#session?.recorder.state;
  }

  /** The beginning of the last session on the agent's clock; undefined before there was one. */
  get startUs(): number | undefined {
    return this.#startUs;
  }

  /** Samples that reached no file, of all sessions so far. */
  get lostSamples(): number {
    return this.#lostBefore + (this.#session?.recorder.state.droppedSamples ?? 0);
  }

  /** What cannot be recorded at the moment, for the status; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#session && troubleOf(this.#session.recorder.state);
  }

  /** As it is published. */
  get body(): RecordingBody {
    const freeBytes = this.#freeBytes;
    const session = this.#session ?? this.#closing;
    if (session) return runningBody(session, freeBytes, this.#about.continues);
    return { state: 'idle', label: null, freeBytes, ...this.#last };
  }

  /** Begins a session. Throws UserError where one is running, the label cannot be one, or there is no room. */
  start(request: StartRequest): Promise<RecordingBody> {
    return this.#inTurn(() => this.#start(request));
  }

  /** The label from now (or from `atUs` on the agent's clock) on; null is none. Throws UserError. */
  label(label: string | null, by: string, atUs?: number): RecordingBody {
    checkLabel(label);
    this.#noted().label(label, by, atUs);
    return this.#report();
  }

  /** The label from a time of day on, which must lie within the recording. Throws UserError. */
  labelSince(label: string | null, by: string, time: string): RecordingBody {
    return this.label(label, by, this.#noted().atUs(time));
  }

  /** Takes the last label or mark back. Throws UserError where there is none. */
  undo(by: string): RecordingBody {
    this.#noted().undo(by);
    return this.#report();
  }

  /** Notes that something happened here. Throws UserError where nothing is recorded. */
  mark(detail: string): RecordingBody {
    this.#noted().mark(detail);
    return this.body;
  }

  /** Ends the session; `reason` says why, when it was not asked for. */
  stop(reason?: string): Promise<RecordingBody> {
    return this.#inTurn(() => this.#stop(reason));
  }

  /**
   * Does `swap`, which takes another model into use. While recording, the session ends with it and the next one
   * begins, with the same label and no reading lost between them. `model`: as people know it.
   */
  handOver(model: string, swap: () => Promise<void>): Promise<void> {
    return this.#inTurn(() => (this.#session === undefined ? swap() : this.#handOver(model, swap)));
  }

  async #handOver(model: string, swap: () => Promise<void>): Promise<void> {
    const { recorder } = this.#running();
    const { sessionId } = recorder.state;
    let next: OpenSession;
    try {
      next = await this.#open({
        ...this.#about,
        continues: sessionId,
        gain: freshGain(this.#options, this.#gain),
      });
    } catch (error) {
      await swap();
      await this.#stop(`${model} was taken into use; the next session: ${(error as Error).message}`);
      return;
    }
    await swap();
    await beginAnew(this.#stream, this.#options, next.gain);
    const { sessionId: nextId } = next.recorder.state;
    recorder.event('model', `${model} was taken into use; the recording goes on as ${nextId}`);
    this.#about = { ...this.#about, continues: sessionId };
    this.#begin(next, recorder.state.label, 'carried');
    const problem = problemOf(await this.#close(recorder));
    this.#report(problem && `${sessionId}: ${problem}`);
  }

  async #start({ label, note, durationS }: StartRequest): Promise<RecordingBody> {
    if (this.#session !== undefined) {
      throw new UserError(
        `found recording ${this.#session.recorder.state.sessionId} running, expected none`,
        75,
      );
    }
    checkLabel(label ?? null);
    const session = await this.#open({ note, gain: this.#gain?.memory() });
    await beginAnew(this.#stream, this.#options, session.gain);
    this.#about = { note };
    this.#begin(session, label ?? null, 'command');
    if (durationS !== undefined) {
      this.#timers.push(setTimeout(() => void this.stop(timeIsOver), durationS * 1000));
    }
    this.#timers.push(
      setInterval(() => this.#look(), WATCH_MS),
      setInterval(() => this.#report(), REPORT_MS),
    );
    await this.#measure();
    return this.#report();
  }

  #open(about: Parameters<typeof openSession>[2]): Promise<OpenSession> {
    return openSession(this.#options, this.#clocks, about);
  }

  get #gain(): GainTracker | undefined {
    return this.#stream instanceof Pipeline ? this.#stream.parts.gain : undefined;
  }

  #begin(session: OpenSession, label: string | null, by: string): void {
    this.#session = session;
    this.#notes = new RecordingNotes(session, this.#clocks);
    this.#startUs = session.clock.startUs;
    this.#watch(new SessionWatcher(session));
    session.recorder.label(label, by, session.clock.startUs);
  }

  async #stop(reason?: string): Promise<RecordingBody> {
    const session = this.#running();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    // Windows that are being judged belong to samples that were recorded.
    await this.#stream.idle();
    this.#watch(undefined);
    this.#session = undefined;
    this.#closing = session;
    try {
      this.#last = endedSession(session, await this.#close(session.recorder), reason);
    } finally {
      this.#closing = undefined;
    }
    this.#trouble = undefined;
    await this.#measure();
    return this.#report();
  }

  /** Ends a recorder that is no longer that of the session; what it lost is counted at every moment. */
  async #close(recorder: Recorder): Promise<RecordingEnd> {
    const { droppedSamples } = recorder.state;
    this.#lostBefore += droppedSamples;
    const end = await recorder.stop();
    this.#lostBefore += end.lostSamples - droppedSamples;
    return end;
  }

  #running(): OpenSession {
    if (this.#session === undefined) throw new UserError('found no recording running, expected one', 69);
    return this.#session;
  }

  /** The notes of the running session. */
  #noted(): RecordingNotes {
    this.#running();
    return this.#notes!;
  }

  /** Has the stream told to the recorder of one session, and no longer to that of another. */
  #watch(watcher: SessionWatcher | undefined): void {
    const { watchers } = this.#stream;
    if (this.#watcher) watchers.delete(this.#watcher);
    this.#watcher = watcher;
    if (watcher) watchers.add(watcher);
  }

  #look(): void {
    void this.#measure();
    if (this.trouble === this.#trouble) return;
    this.#trouble = this.trouble;
    this.#report();
  }

  async #measure(): Promise<void> {
    this.#freeBytes = await freeBytes(this.#options.space.folder).catch(() => null);
  }

  /** `problem`: said once, in place of what `body` has for a reason. */
  #report(problem?: string): RecordingBody {
    const body = problem === undefined ? this.body : { ...this.body, reason: problem };
    this.#options.onChange?.(body);
    return body;
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(action);
    this.#busy = done.catch(() => undefined);
    return done;
  }
}
