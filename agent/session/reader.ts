import { z } from 'zod';
import { DataError } from '../errors.ts';
import { scanMcap } from './mcap-scan.ts';
import { type DecodedSamples, decodeSamples } from './samples-codec.ts';
import type { EventMessage, LabelMessage, PredictionMessage, SamplesMessage } from './topics.ts';

/** What a file of a session says about itself at its head. */
export interface SessionHead {
  readonly id: string;
  readonly part: number;
  readonly channels: readonly string[];
  /** The beginning of the session on the agent's monotonic clock, and the same instant of the day. */
  readonly startUs: number;
  readonly startTime: string;
  /** The other metadata records by name: robot, protocol, calibration, model, ... */
  readonly metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type SessionItem =
  | { readonly kind: 'head'; readonly head: SessionHead }
  | { readonly kind: 'samples'; readonly samples: DecodedSamples }
  | { readonly kind: 'label'; readonly message: LabelMessage }
  | { readonly kind: 'event'; readonly message: EventMessage }
  | { readonly kind: 'prediction'; readonly message: PredictionMessage }
  | { readonly kind: 'drift'; readonly message: Record<string, unknown> };

export interface ReadOptions {
  /** Kinds that are wanted; others are passed over without being decoded. Default: all. */
  readonly kinds?: readonly SessionItem['kind'][];
  /** Accept a file that ends early or has damage (a `.partial` one) up to there. */
  readonly lenient?: boolean;
}

const sessionEntries = z.object({
  id: z.string().min(1),
  part: z.coerce.number().int().positive(),
  channels: z.string().transform((text, context) => {
    const parsed = z.array(z.string()).min(1).safeParse(safeJson(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: 'expected a JSON list of channel names' });
    return z.NEVER;
  }),
  startUs: z.coerce.number(),
  startTime: z.iso.datetime(),
});

/**
 * What one file of a session holds, in file order, streamed. Throws DataError for a file that is no session, has a
 * message that does not fit its topic, or (unless `lenient`) is damaged or not complete.
 */
export function* itemsOf(file: string, options: ReadOptions = {}): Generator<SessionItem> {
  const wanted = (kind: SessionItem['kind']) => options.kinds?.includes(kind) ?? true;
  const topicOf = new Map<number, string>();
  const metadata: Record<string, Record<string, string>> = {};
  let head: SessionHead | undefined;
  const scan = scanMcap(file);
  for (;;) {
    const { value: record, done } = scan.next();
    if (done) {
      if (!options.lenient && !record.complete) {
        throw new DataError({
          file,
          found: record.damage ?? 'an end in the middle',
          expected: 'a complete session file; `sessions recover` repairs it',
        });
      }
      if (head === undefined && Object.keys(metadata).length > 0) head = readHead(file, metadata);
      if (head === undefined && !options.lenient) throw notASession(file);
      return;
    }
    if (record.type === 'Channel') topicOf.set(record.id, record.topic);
    else if (record.type === 'Metadata') metadata[record.name] = Object.fromEntries(record.metadata);
    else if (record.type === 'Message') {
      if (head === undefined) {
        head = readHead(file, metadata);
        if (wanted('head')) yield { kind: 'head', head };
      }
      const item = decode(file, topicOf.get(record.channelId) ?? '', record.data, head, wanted);
      if (item !== undefined) yield item;
    }
  }
}

/** What the metadata records of a file say. Throws DataError where they are not those of a session. */
export function readHead(file: string, metadata: Record<string, Record<string, string>>): SessionHead {
  const { session, ...rest } = metadata;
  if (session === undefined) throw notASession(file);
  const parsed = sessionEntries.safeParse(session);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = `session.${issue.path.join('.')}`;
    throw new DataError({
      file,
      key,
      found: JSON.stringify(session[String(issue.path[0])]),
      expected: issue.message,
    });
  }
  return { ...parsed.data, metadata: rest };
}

const KIND_OF_TOPIC: Readonly<Record<string, SessionItem['kind']>> = {
  samples: 'samples',
  labels: 'label',
  events: 'event',
  predictions: 'prediction',
  drift: 'drift',
};

function decode(
  file: string,
  topic: string,
  data: Uint8Array,
  head: SessionHead,
  wanted: (kind: SessionItem['kind']) => boolean,
): SessionItem | undefined {
  const kind = KIND_OF_TOPIC[topic];
  if (kind === undefined || !wanted(kind)) return undefined;
  const message: unknown = safeJson(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
  if (typeof message !== 'object' || message === null) {
    throw new DataError({
      file,
      key: topic,
      found: 'a message that is no JSON object',
      expected: 'a session of this program',
    });
  }
  if (kind !== 'samples') return { kind, message } as SessionItem;
  try {
    return { kind, samples: decodeSamples(message as SamplesMessage, head.channels) };
  } catch (error) {
    throw new DataError({
      file,
      key: topic,
      found: (error as Error).message,
      expected: 'columns of equal length',
    });
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notASession(file: string): DataError {
  return new DataError({
    file,
    found: 'an MCAP file without session metadata',
    expected: 'a session of this program',
  });
}
