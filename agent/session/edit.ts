import { rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataError, UserError } from '../errors.ts';
import { LABEL } from './csv.ts';
import { type LabelChange, LabelTimeline } from './label-timeline.ts';
import { McapBytes, type McapMessage } from './mcap-writer.ts';
import { PARTIAL, PartFile, syncFolder } from './part-file.ts';
import { refused } from './part-writer.ts';
import { readHead } from './reader.ts';
import { groupsOf, salvageFile } from './recover.ts';
import { startSessionClock } from './session-clock.ts';
import type { Session } from './session-list.ts';
import type { LoadedSession } from './session-recording.ts';
import { summarise } from './summary.ts';
import { type EventMessage, LABELS, topicsOf } from './topics.ts';
import { verifyFile } from './verify.ts';
import type { SessionContent } from './write-session.ts';

/** The changes of label after an edit: what was between `fromUs` and `toUs` is gone. */
export function editLabels(
  labels: LabelTimeline,
  label: string | null,
  fromUs: number,
  toUs: number,
): LabelChange[] {
  const outside = labels.changes().filter(({ atUs }) => atUs < fromUs || atUs >= toUs);
  const edited = new LabelTimeline();
  const after = { label: labels.at(toUs), atUs: toUs };
  const changes = [...outside, { label, atUs: fromUs }, ...(Number.isFinite(toUs) ? [after] : [])];
  for (const change of changes) edited.apply({ op: 'set', by: 'edit', ...change });
  return edited.changes();
}

/**
 * Gives a session new labels; samples, predictions and events stay as they are, byte for byte. Each file is written
 * anew beside the old one, synced, verified and only then put in its place.
 */
export async function relabel(session: Session, changes: readonly LabelChange[]): Promise<void> {
  for (const { label } of changes) checkLabel(label);
  for (const [i, { file, state }] of session.parts.entries()) {
    if (state !== 'complete') {
      throw new DataError({
        file,
        found: `a ${state} file`,
        expected: 'a complete one; `sessions recover` repairs it',
      });
    }
    await rewrite(file, changes, i === 0 ? 'edit' : 'carried');
  }
}

async function rewrite(file: string, changes: readonly LabelChange[], by: string): Promise<void> {
  const { metadata, samples, lastUs } = salvageFile(file);
  const { session } = metadata;
  const startUs = Number(session.startUs);
  const clock = startSessionClock(
    () => startUs,
    () => Date.parse(session.startTime),
  );
  const labels = new LabelTimeline();
  const messages = changes.map((change): McapMessage => {
    const message = { op: 'set', ...change, by } as const;
    labels.apply({ ...message, by: 'edit' });
    return { topic: LABELS, logTimeNs: clock.toNs(change.atUs), data: Buffer.from(JSON.stringify(message)) };
  });
  const temporary = `${file}.edited`;
  for (const left of [temporary, temporary + PARTIAL]) rmSync(left, { force: true });
  const part = await PartFile.create(temporary).catch((error) => {
    throw refused(file, error);
  });
  let first: number | undefined;
  try {
    const mcap = new McapBytes(topicsOf(readHead(file, metadata).channels));
    await part.append(mcap.start('underfoot'), false);
    const edited = { ...metadata, edited: { at: new Date().toISOString() } };
    for (const [name, entries] of Object.entries(edited))
      await part.append(mcap.metadata(name, entries), false);
    await part.append(mcap.chunk(messages), false);
    for (const group of groupsOf(file)) {
      const kept = group.filter(({ topic }) => topic !== LABELS);
      first ??=
        kept.length > 0 ? Number((kept[0].logTimeNs - clock.toNs(startUs)) / 1000n) + startUs : undefined;
      await part.append(mcap.chunk(kept), false);
    }
    const from = Number(session.part) === 1 ? startUs : (first ?? startUs);
    await part.append(
      Buffer.concat([mcap.metadata('summary', summarise(samples, labels, from, lastUs)), mcap.end()]),
    );
    await part.finish();
    const { samples: back } = verifyFile(temporary);
    if (back !== samples)
      throw new DataError({ file: temporary, found: `${back} samples`, expected: `${samples}` });
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await part.abandon();
    for (const left of [temporary, temporary + PARTIAL]) rmSync(left, { force: true });
    throw refused(file, error);
  }
}

/**
 * A stretch of a session as a session of its own: rows from `from` to `to` (not included). Labels stay at their
 * times. Predictions are kept where the stretch begins at the session's beginning: elsewhere a replay starts its windows
 * anew and makes others.
 */
export function cut(session: LoadedSession, id: string, from: number, to: number): SessionContent {
  const { recording, labels, predictions, head } = session;
  if (!(from >= 0 && to > from && to <= recording.rows)) {
    throw new UserError(
      `${recording.id}: found samples ${from} to ${to}, expected a stretch within 0 to ${recording.rows}`,
      64,
    );
  }
  const arrivals = recording.arrivalUs ?? recording.timeUs;
  const width = recording.channels.length;
  const startUs = from === 0 ? Math.min(head.startUs, arrivals[0]) : arrivals[from];
  const lastUs = recording.timeUs[to - 1];
  const inside = labels.changes().filter(({ atUs }) => atUs > startUs && atUs <= arrivals[to - 1]);
  return {
    id,
    recording: {
      ...recording,
      rows: to - from,
      timeUs: recording.timeUs.slice(from, to),
      ticks: recording.ticks.slice(from, to),
      sequence: recording.sequence?.slice(from, to),
      values: recording.values.slice(from * width, to * width),
    },
    arrivalUs: arrivals.slice(from, to),
    startUs,
    startWallMs: Date.parse(head.startTime) + (startUs - head.startUs) / 1000,
    labels: [{ label: labels.at(startUs), atUs: startUs }, ...inside],
    events: eventsWithin(session, from, to),
    predictions: from === 0 ? predictions.filter((p) => p.endUs <= lastUs) : [],
    metadata: { ...head.metadata, cut: cutFrom(head, from, to) },
  };
}

/** Names the session that was cut, and the one that was recorded where that had been cut before. */
function cutFrom({ id, metadata }: LoadedSession['head'], from: number, to: number) {
  return {
    of: id,
    drive: metadata.cut?.drive ?? metadata.cut?.of ?? id,
    from: String(from),
    to: String(to),
  };
}

/** Events of a stretch, and a `reset` wherever rows do not continue: samples are counted anew, so no hole shows it. */
function eventsWithin({ recording, events }: LoadedSession, from: number, to: number): EventMessage[] {
  const inside = (row: number) => row >= from && row < to;
  const arrivals = recording.arrivalUs ?? recording.timeUs;
  const breaks = (recording.breaks ?? []).filter((row) => row > from && row < to);
  return [
    ...events.filter(({ kind, atSample }) => kind !== 'reset' && inside(atSample)),
    ...breaks.map((row) => ({
      kind: 'reset',
      atUs: arrivals[row],
      atSample: row,
      detail: 'does not continue',
    })),
  ].map((event) => ({ ...event, atSample: event.atSample - from }));
}

/** Rows at which a session is cut into pieces of one label each; stretches without a label are left out. */
export function stretchesByLabel({
  recording,
}: LoadedSession): { from: number; to: number; label: string }[] {
  return recording.spans.flatMap(({ from, to, label }) => (label === undefined ? [] : [{ from, to, label }]));
}

/** The first row at or after so many seconds since the first sample. */
export function rowAtSecond({ recording: { timeUs, rows } }: LoadedSession, seconds: number): number {
  const row = timeUs.findIndex((t) => t - timeUs[0] >= seconds * 1e6);
  return row < 0 ? rows : row;
}

function checkLabel(label: string | null): void {
  if (label === null || LABEL.test(label)) return;
  throw new UserError(`label: found ${JSON.stringify(label)}, expected letters, digits, _ and -`, 64);
}
