import { assemble, type Input, inputOf } from '../assemble.ts';
import type { ModelFreeConfig } from '../config/load.ts';
import { sessionLimits } from '../config/sessions.ts';
import { UserError } from '../errors.ts';
import { Live } from '../live.ts';
import { modelFolder } from '../model/card-file.ts';
import { type LoadedModel, loadModel } from '../model/load.ts';
import type { Pipeline } from '../pipeline.ts';
import { createProtocol, type Protocol } from '../protocol/registry.ts';
import type { RecordingBody } from '../publish/payloads.ts';
import { RecordingControl } from '../recording-control.ts';
import { systemClocks } from '../reporter.ts';
import { ReadingStream } from '../session/reading-stream.ts';
import { findSession } from '../session/session-list.ts';
import { type TracedChannel, Traces } from './record-traces.ts';
import type { Ongoing, RecordResult, RecordSnapshot } from './record-types.ts';
import { version } from './version.ts';

/** A recording in which this process has the port. */
export interface StandaloneOptions {
  readonly config: ModelFreeConfig;
  readonly configFile: string;
  /** Folder that relative models are looked for in. */
  readonly folder: string;
  readonly robotId: string;
  /** Predict and record the predictions, where the configuration has a model that fits. */
  readonly predict: boolean;
  readonly label?: string | undefined;
  readonly note?: string | undefined;
  readonly durationS?: number | undefined;
  /** Says what the person should know before it begins. */
  readonly say: (text: string) => void;
  /** Somebody does not want to wait any more. */
  readonly signal: AbortSignal;
}

/** So long a device may be silent before the person at the keyboard is told so. */
const patienceMs = 20_000;

/**
 * Opens the robot's port and records what comes, with predictions where there is a model for it. Throws UserError
 * where no reading comes (69), the disk refuses (74), or nobody waits any more (130).
 */
export async function recordHere(options: StandaloneOptions): Promise<Ongoing> {
  const { config, say } = options;
  const input = inputOf(config, options.configFile);
  const { stream, protocol, model } = await streamFor(options, input);
  const traces = new Traces(tracedChannels(protocol, input));
  stream.watchers.add(traces);
  const live = new Live(config, protocol);
  const close = async () => {
    await live.close();
    await stream.idle();
    await model?.classifier.close();
  };
  try {
    await firstReading(live, stream, options);
    const ongoing = new StandaloneRecording(options, { stream, protocol, model, input, live, traces, close });
    await ongoing.start();
    return ongoing;
  } catch (error) {
    await close().catch((second: Error) => say(second.message));
    throw error;
  }
}

interface Parts {
  readonly stream: Pipeline | ReadingStream;
  readonly protocol: Protocol;
  readonly model: LoadedModel | undefined;
}

/** A pipeline where there is a model that fits, else readings alone. */
async function streamFor({ config, folder, predict, say }: StandaloneOptions, input: Input): Promise<Parts> {
  let model: LoadedModel | undefined;
  try {
    if (!predict) throw new UserError('--no-model', 0);
    if (config.model === undefined) throw new UserError('the configuration names no model', 0);
    model = await loadModel(modelFolder(config.model, folder), config.engine);
    const { pipeline, protocol } = assemble(model, input);
    return { stream: pipeline, protocol, model };
  } catch (error) {
    await model?.classifier.close();
    if (!(error instanceof UserError)) throw error;
    say(`recording without predictions: ${error.message}`);
    const protocol = createProtocol(input.protocol, { midStream: true });
    return { stream: new ReadingStream(protocol.decoder), protocol, model: undefined };
  }
}

function tracedChannels({ channels }: Protocol, { calibration }: Input): TracedChannel[] {
  return channels.map((name) => {
    const found = calibration?.content.channels.find((channel) => channel.name === name);
    const { unit = calibration ? '' : 'A', offset = 0, gain = 1 } = found ?? {};
    return { name, unit, offset, gain };
  });
}

/** Starts the source and resolves with the first reading. */
function firstReading(
  live: Live,
  stream: Pipeline | ReadingStream,
  { say, signal }: StandaloneOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = { onReading: () => end(resolve) };
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      stream.watchers.delete(watcher);
      settle();
    };
    const onAbort = () => end(() => reject(new UserError('ended before the first reading came', 130)));
    const timer = setTimeout(
      () => end(() => reject(new UserError(`no reading within ${patienceMs / 1000} s: ${why(live)}`, 69))),
      patienceMs,
    );
    let said: string | undefined;
    stream.watchers.add(watcher);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
    void live.start({
      onBytes: (bytes, arrivalUs) => stream.feed(bytes, arrivalUs),
      onOpen: () => stream.restart(),
      onState: (_state, reason) => {
        if (reason !== undefined && said === undefined) say(`waiting: ${reason}`);
        said ??= reason;
      },
    });
  });
}

function why(live: Live): string {
  if (live.state !== 'open') return live.reason ?? 'the port is being opened';
  const { frames, bytes } = live.protocol.decoder.discarded;
  if (bytes === 0) return 'the device sends nothing';
  const reasons = Object.keys(frames).join(', ');
  return `${bytes} bytes came that are no readings${reasons && ` (${reasons})`}; are protocol and baud rate right?`;
}

class StandaloneRecording implements Ongoing {
  sessionId = '';
  startTime = '';
  readonly ended: Promise<RecordResult>;
  readonly #options: StandaloneOptions;
  readonly #live: Live;
  readonly #traces: Traces;
  readonly #control: RecordingControl;
  readonly #model: LoadedModel | undefined;
  readonly #close: () => Promise<void>;
  #surface: RecordSnapshot['surface'];
  #settle: (end: Promise<RecordResult>) => void = () => undefined;

  constructor(
    options: StandaloneOptions,
    parts: Parts & { input: Input; live: Live; traces: Traces; close: () => Promise<void> },
  ) {
    const { stream, protocol, model, input, live, traces, close } = parts;
    const { config, robotId } = options;
    this.#options = options;
    this.#live = live;
    this.#traces = traces;
    this.#model = model;
    this.#close = close;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    stream.watchers.add({
      onPrediction: ({ verdict }) => {
        this.#surface = { label: verdict.surface, confidence: verdict.smoothedConfidence };
      },
    });
    this.#control = new RecordingControl(stream, {
      robotId,
      version,
      protocol,
      protocolSpec: config.protocol,
      input,
      ...(model && { model: () => model }),
      ...sessionLimits(config.sessions),
      onChange: (body) => {
        if (body.state === 'idle' && this.sessionId !== '') this.#settle(this.#finish(body));
      },
    });
  }

  async start(): Promise<void> {
    const { label, note, durationS } = this.#options;
    const { sessionId, startTime } = await this.#control.start({ label, note, durationS });
    this.sessionId = sessionId!;
    this.startTime = startTime!;
  }

  get elapsedUs(): number {
    return systemClocks.nowUs() - (this.#control.startUs ?? 0);
  }

  get modelLabels(): readonly string[] {
    return this.#model?.card.labels ?? [];
  }

  snapshot(): RecordSnapshot {
    const { label, durationS, samples, bytes, freeBytes, reason } = this.#control.body;
    const silent = this.#live.state === 'open' ? undefined : `port: ${this.#live.reason ?? 'being opened'}`;
    return {
      sessionId: this.sessionId,
      where: 'here',
      label,
      durationS,
      samples,
      bytes,
      freeBytes,
      rateHz: this.#traces.rateHz(systemClocks.nowUs()),
      channels: this.#traces.snapshots,
      surface: this.#surface,
      trouble: reason ?? silent,
    };
  }

  async label(label: string | null, by: string, offsetUs?: number): Promise<void> {
    const atUs = offsetUs === undefined ? undefined : this.#control.startUs! + offsetUs;
    this.#control.label(label, by, atUs);
  }

  async mark(): Promise<void> {
    this.#control.mark('');
  }

  async undo(): Promise<void> {
    this.#control.undo('key');
  }

  async stop(): Promise<void> {
    if (this.#control.state !== undefined) await this.#control.stop();
  }

  async #finish({ sessionId, durationS, samples, bytes, reason }: RecordingBody): Promise<RecordResult> {
    await this.#close();
    const session = await findSession(sessionId!, this.#options.config.sessions.folder!);
    const complete = session.state === 'complete';
    return {
      sessionId: session.id,
      files: session.parts.map((part) => part.file),
      durationS,
      samples,
      bytes: complete ? session.bytes : bytes,
      labelS: session.labelS,
      reason,
      exitCode: complete ? 0 : 74,
    };
  }
}
