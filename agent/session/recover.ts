import { existsSync, statSync } from 'node:fs';
import { rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataError, UserError } from '../errors.ts';
import { LabelTimeline } from './label-timeline.ts';
import { scanMcap } from './mcap-scan.ts';
import { McapBytes, type McapMessage } from './mcap-writer.ts';
import { keepAside, putNew } from './never-replace.ts';
import { isBeingWritten, type OpenDisk, PARTIAL, PartFile, syncFolder } from './part-file.ts';
import { refused } from './part-writer.ts';
import { hasOpen, processIdentity } from './process-identity.ts';
import { readHead } from './reader.ts';
import { decodeColumn } from './samples-codec.ts';
import { summarise } from './summary.ts';
import { LABELS, type LabelMessage, SAMPLES, type SamplesMessage, topicsOf } from './topics.ts';
import { type Verified, verifyFile } from './verify.ts';

/** What became of a damaged file. */
export interface Recovered extends Verified {
  readonly from: string;
  /** Bytes of the damaged file, and how it ends. */
  readonly bytesFound: number;
  readonly damage: string;
}

/** What a damaged file still holds. */
export interface Salvage {
  readonly metadata: Record<string, Record<string, string>>;
  readonly samples: number;
  readonly labels: LabelTimeline;
  readonly lastUs: number;
  /** How it ends: what is wrong with the first record that is not whole; undefined for a complete file. */
  readonly damage: string | undefined;
}

/** Ending of a damaged file whose place its recovered self has taken. */
const DAMAGED = '.damaged';

/**
 * Makes a complete file `X.mcap` of `X.mcap.partial`, or of a damaged `X.mcap`, with all chunks before the first that is
 * not whole. It is written to a third name, synced, read back and compared before it gets its own. Only then a partial
 * file goes (unless `keep`); a damaged one is kept as `X.mcap.damaged` (the second `.damaged.2`), because there may be more in it. Throws DataError
 * where nothing can be had from the file, and UserError where it is still being written or nothing is wrong with it.
 */
export async function recoverFile(
  source: string,
  options: { keep?: boolean; openDisk?: OpenDisk } = {},
): Promise<Recovered> {
  const isPartial = source.endsWith(PARTIAL);
  const target = isPartial ? source.slice(0, -PARTIAL.length) : source;
  if (isPartial && existsSync(target))
    throw new UserError(`${target}: is there already; remove one of the two`, 73);
  if (!isPartial && isWhole(source)) throw new UserError(`${source}: nothing is wrong with it`, 64);
  const salvage = salvageFile(source);
  const owner = ownerOf(source, salvage.metadata);
  if (isPartial && owner !== undefined)
    throw new UserError(`${source}: is being written by process ${owner}`, 75);
  const temporary = `${target}.recovered`;
  // Left over by a recovery that was interrupted itself; the damaged file is still there.
  await rm(temporary, { force: true });
  await rm(temporary + PARTIAL, { force: true });
  const bytesFound = statSync(source).size;
  const damage = salvage.damage ?? 'not closed';
  await writeSalvaged(salvage, temporary, { from: source, damage }, options.openDisk).catch((error) => {
    throw refused(temporary, error);
  });
  const verified = verifyFile(temporary);
  if (verified.samples !== salvage.samples) {
    throw new DataError({
      file: temporary,
      found: `${verified.samples} samples read back`,
      expected: `the ${salvage.samples} that were recovered`,
    });
  }
  const from = isPartial ? source : await keepAside(source, source + DAMAGED);
  if (!isPartial) await rename(temporary, target);
  else {
    await putNew(temporary, target);
    if (options.keep !== true) await unlink(source);
  }
  await syncFolder(dirname(target));
  return { ...verified, file: target, from, bytesFound, damage };
}

function isWhole(file: string): boolean {
  try {
    verifyFile(file);
    return true;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

/** Reads what is whole. Throws DataError where there is nothing. */
export function salvageFile(file: string): Salvage {
  const metadata: Record<string, Record<string, string>> = {};
  const labels = new LabelTimeline();
  const found = { samples: 0, lastUs: Number.NaN };
  const groups = groupsOf(file, metadata);
  for (;;) {
    const { value, done } = groups.next();
    if (!done) {
      for (const message of value) note(message, labels, found);
      continue;
    }
    if (metadata.session !== undefined) return { metadata, labels, damage: value, ...found };
    throw new DataError({ file, found: 'no session metadata', expected: 'the head of a session' });
  }
}

/**
 * The messages of the chunks that are whole, chunk by chunk; fills `metadata` on the way. Returns what is wrong with the
 * first record that is not whole, undefined for a complete file.
 */
export function* groupsOf(
  file: string,
  metadata: Record<string, Record<string, string>> = {},
): Generator<McapMessage[], string | undefined> {
  const topicOf = new Map<number, number>();
  let group: McapMessage[] = [];
  const scan = scanMcap(file, { chunks: true });
  for (;;) {
    const { value: record, done } = scan.next();
    if (done || record.type === 'Chunk') {
      if (group.length > 0) yield group;
      group = [];
    }
    if (done) return record.complete ? undefined : (record.damage ?? 'its end is missing');
    if (record.type === 'Metadata') {
      if (record.name !== 'summary') metadata[record.name] = Object.fromEntries(record.metadata);
    } else if (record.type === 'Channel') topicOf.set(record.id, topicNumber(file, record.topic));
    else if (record.type === 'Message') {
      group.push({ topic: topicOf.get(record.channelId)!, logTimeNs: record.logTime, data: record.data });
    }
  }
}

function note(
  { topic, data }: McapMessage,
  labels: LabelTimeline,
  found: { samples: number; lastUs: number },
): void {
  if (topic !== SAMPLES && topic !== LABELS) return;
  const message: unknown = JSON.parse(Buffer.from(data).toString());
  if (topic === LABELS) {
    labels.apply(message as LabelMessage);
    return;
  }
  const { count, arrivalUs } = message as SamplesMessage;
  found.samples += count;
  found.lastUs = decodeColumn(arrivalUs, count)[count - 1];
}

async function writeSalvaged(
  salvage: Salvage,
  path: string,
  recovered: { from: string; damage: string },
  openDisk?: OpenDisk,
): Promise<void> {
  const mcap = new McapBytes(topicsOf(readHead(recovered.from, salvage.metadata).channels));
  const startUs = Number(salvage.metadata.session.startUs);
  const file = await PartFile.create(path, openDisk);
  try {
    const head = [mcap.start('underfoot')];
    const metadata = {
      ...salvage.metadata,
      recovered: { damage: recovered.damage, at: new Date().toISOString() },
    };
    for (const [name, entries] of Object.entries(metadata)) head.push(mcap.metadata(name, entries));
    await file.append(Buffer.concat(head), false);
    for (const group of groupsOf(recovered.from)) await file.append(mcap.chunk(group), false);
    const summary = summarise(salvage.samples, salvage.labels, startUs, salvage.lastUs);
    await file.append(Buffer.concat([mcap.metadata('summary', summary), mcap.end()]));
    await file.finish();
  } catch (error) {
    await file.abandon();
    await rm(path + PARTIAL, { force: true });
    throw error;
  }
}

/**
 * The process that writes the file, where it still runs (same boot, same process, same start) and has not given the file
 * up: after a full disk a service goes on in a new file, and runs for months.
 */
function ownerOf(file: string, metadata: Record<string, Record<string, string>>): number | undefined {
  const { pid, bootId, started } = metadata.owner ?? {};
  const running = processIdentity(Number(pid));
  if (running === undefined || running.bootId !== bootId || running.started !== started) return undefined;
  const writes = Number(pid) === process.pid ? isBeingWritten(file) : hasOpen(Number(pid), file) !== false;
  return writes ? Number(pid) : undefined;
}

const topicNames = topicsOf([]).map(({ name }) => name);

function topicNumber(file: string, name: string): number {
  const number = topicNames.indexOf(name);
  if (number >= 0) return number;
  throw new DataError({ file, found: `topic ${name}`, expected: 'a session of this program' });
}
