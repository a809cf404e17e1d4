import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { createReading } from '../signal/sample.ts';
import type { LabelChange } from './label-timeline.ts';
import { LabelTimeline } from './label-timeline.ts';
import { McapBytes, type McapMessage } from './mcap-writer.ts';
import { PARTIAL, PartFile } from './part-file.ts';
import { refused } from './part-writer.ts';
import type { Recording } from './recording.ts';
import { SampleBatch } from './samples-codec.ts';
import { startSessionClock } from './session-clock.ts';
import { summarise } from './summary.ts';
import {
  EVENTS,
  type EventMessage,
  LABELS,
  PREDICTIONS,
  type PredictionMessage,
  SAMPLES,
  topicsOf,
} from './topics.ts';
import { type Verified, verifyFile } from './verify.ts';

/** All of a session that is made from data at hand, and not live. */
export interface SessionContent {
  readonly id: string;
  readonly recording: Recording;
  /** Arrival of each row on the agent's clock; where none was recorded, the recording's own time. */
  readonly arrivalUs: Float64Array;
  /** The beginning on both clocks. */
  readonly startUs: number;
  readonly startWallMs: number;
  readonly labels: readonly LabelChange[];
  readonly events: readonly EventMessage[];
  readonly predictions: readonly PredictionMessage[];
  readonly metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const CHUNK_ROWS = 4096;
const BATCH_ROWS = 256;
const encoder = new TextEncoder();

/**
 * Writes a session as `folder/ID-0001.mcap`: under another name first, synced, read back, then renamed. A file that is
 * there already is never replaced. Throws UserError where the disk refuses; nothing is left behind.
 */
export async function writeSession(folder: string, content: SessionContent): Promise<Verified> {
  const path = join(folder, `${content.id}-0001.mcap`);
  if (existsSync(path)) throw new UserError(`${path}: is there already`, 73);
  try {
    const file = await PartFile.create(path);
    try {
      for (const piece of piecesOf(content)) await file.append(piece, false);
      return { ...(await file.finish(verifyFile)), file: path };
    } catch (error) {
      await file.abandon();
      throw error;
    }
  } catch (error) {
    rmSync(path + PARTIAL, { force: true });
    throw refused(path, error);
  }
}

function* piecesOf(content: SessionContent): Generator<Uint8Array> {
  const { recording, startUs, startWallMs, id, metadata, arrivalUs } = content;
  const clock = startSessionClock(
    () => startUs,
    () => startWallMs,
  );
  const message = (topic: number, atUs: number, payload: object): McapMessage => ({
    topic,
    logTimeNs: clock.toNs(atUs),
    data: encoder.encode(JSON.stringify(payload)),
  });
  const mcap = new McapBytes(topicsOf(recording.channels));
  yield mcap.start('underfoot');
  const session = {
    id,
    part: '1',
    channels: JSON.stringify(recording.channels),
    startUs: String(startUs),
    startTime: new Date(startWallMs).toISOString(),
  };
  for (const [name, entries] of Object.entries({ session, ...metadata })) yield mcap.metadata(name, entries);
  const labels = new LabelTimeline();
  yield mcap.chunk(
    content.labels.map((change) => {
      const label = { op: 'set', ...change, by: 'edit' } as const;
      labels.apply(label);
      return message(LABELS, change.atUs, label);
    }),
  );
  yield mcap.chunk(content.events.map((event) => message(EVENTS, event.atUs, event)));
  yield* sampleChunks(mcap, recording, arrivalUs, message);
  yield mcap.chunk(content.predictions.map((p) => message(PREDICTIONS, arrivalOf(content, p.endUs), p)));
  const lastUs = arrivalUs[recording.rows - 1];
  yield mcap.metadata('summary', summarise(recording.rows, labels, startUs, lastUs));
  yield mcap.end();
}

function* sampleChunks(
  mcap: McapBytes,
  recording: Recording,
  arrivalUs: Float64Array,
  message: (topic: number, atUs: number, payload: object) => McapMessage,
): Generator<Uint8Array> {
  const { rows, channels, values, ticks, sequence, timeBase } = recording;
  const width = channels.length;
  const reading = createReading(width);
  const batch = new SampleBatch(channels, BATCH_ROWS);
  let messages: McapMessage[] = [];
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < width; c++) reading.values[c] = values[row * width + c];
    reading.deviceTicks = timeBase === undefined ? Number.NaN : ticks[row];
    reading.sequence = sequence?.[row] ?? Number.NaN;
    batch.add(reading, arrivalUs[row]);
    if (batch.count < BATCH_ROWS && row + 1 < rows) continue;
    const first = row + 1 - batch.count;
    messages.push(message(SAMPLES, arrivalUs[first], batch.take(first)));
    if (messages.length * BATCH_ROWS < CHUNK_ROWS && row + 1 < rows) continue;
    yield mcap.chunk(messages);
    messages = [];
  }
}

/** About when a point of the samples' time line arrived. */
function arrivalOf({ recording, arrivalUs, startUs }: SessionContent, timeUs: number): number {
  const row = recording.timeUs.findIndex((t) => t >= timeUs);
  return row < 0 ? startUs : arrivalUs[row];
}
