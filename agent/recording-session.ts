import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createGainTracker, createJudge, createSamplePath, type Input } from './assemble.ts';
import type { GainMemory, GainTracker } from './drift/recover/gain-tracker.ts';
import { UserError } from './errors.ts';
import type { ModelCard } from './model/card.ts';
import type { LoadedModel } from './model/load.ts';
import { Pipeline } from './pipeline.ts';
import type { Protocol } from './protocol/registry.ts';
import type { Clocks } from './reporter.ts';
import { LABEL } from './session/csv.ts';
import { makeSpace, type SpaceLimits } from './session/make-space.ts';
import { type OpenDisk, PARTIAL } from './session/part-file.ts';
import { refused } from './session/part-writer.ts';
import type { ReadingStream } from './session/reading-stream.ts';
import { Recorder, type RecorderLimits, type RecordingEnd } from './session/recorder.ts';
import { type SessionClock, startSessionClock } from './session/session-clock.ts';
import { sessionMetadata } from './session/session-input.ts';

/** What sessions of one robot have in common. */
export interface SessionSource {
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
  readonly clockSynchronised?: () => boolean | null;
  readonly openDisk?: OpenDisk;
}

/** A session whose first file is open, and what its predictions begin from. */
export interface OpenSession {
  readonly recorder: Recorder;
  readonly clock: SessionClock;
  /** The model whose predictions belong in it; undefined where there is none. */
  readonly card: ModelCard | undefined;
  readonly gain: GainMemory | undefined;
}

/** Opens the first file of a session. What the disk refuses becomes a UserError (74). */
export async function openSession(
  source: SessionSource,
  clocks: Clocks,
  about: {
    readonly note?: string | undefined;
    /** The session that this one goes on from. */
    readonly continues?: string | undefined;
    readonly gain?: GainMemory | undefined;
  },
): Promise<OpenSession> {
  const { space, robotId, limits, openDisk, version, protocol, clockSynchronised } = source;
  const clock = startSessionClock(clocks.nowUs, clocks.nowMs, clockSynchronised?.() ?? undefined);
  const model = source.model?.();
  try {
    mkdirSync(space.folder, { recursive: true });
    const recorder = await Recorder.start({
      folder: space.folder,
      sessionId: freeId(space.folder, robotId, clock.startWallMs),
      channels: protocol.channels,
      clock,
      metadata: sessionMetadata(sessionInput(source), { version, model: model && modelOf(model), ...about }),
      library: `underfoot ${version}`,
      limits,
      openDisk,
      makeSpace: async () => void (await makeSpace(space, 0)),
    });
    return { recorder, clock, card: model?.card, gain: about.gain };
  } catch (error) {
    throw refused(space.folder, error);
  }
}

/**
 * From here on, windows and smoothing depend on nothing that was before, and a tracked gain goes on from what the
 * session says: a replay of it makes the very same predictions.
 */
export async function beginAnew(
  stream: Pipeline | ReadingStream,
  { model, protocol, input }: SessionSource,
  gain: GainMemory | undefined,
): Promise<void> {
  if (model === undefined || !(stream instanceof Pipeline)) return;
  const loaded = model();
  const { card } = loaded;
  const path = createSamplePath(card, protocol, input);
  await stream.swap({
    path,
    decision: createJudge(loaded).decision,
    ...(gain && { gain: createGainTracker(card, gain) }),
  });
}

function sessionInput({ robotId, protocol, input, protocolSpec }: SessionSource) {
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

function modelOf({ card, classifier }: LoadedModel) {
  return { name: card.name, version: card.version, engine: classifier.engine, files: card.files };
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

/** ISO 8601. */
export function startTimeOf({ startWallMs }: SessionClock): string {
  return new Date(startWallMs).toISOString();
}

/** What went wrong until a session was closed; undefined where nothing did. */
export function problemOf({ lostSamples, complete, trouble }: RecordingEnd): string | undefined {
  const lost = lostSamples > 0 ? `${lostSamples} samples were lost` : undefined;
  const unclosed = complete
    ? undefined
    : `${trouble ?? 'a file could not be closed meanwhile'}; underfoot sessions recover completes the file`;
  return [lost, unclosed].filter((text) => text !== undefined).join('; ') || undefined;
}

/** Gain tracking begins anew with another model. */
export function freshGain({ model }: SessionSource, gain: GainTracker | undefined): GainMemory | undefined {
  return gain && model && createGainTracker(model().card).memory();
}
