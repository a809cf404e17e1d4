import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { findingsOf } from '../config/problems.ts';
import { inWords, UserError } from '../errors.ts';
import {
  type Answer,
  type CommandName,
  type CommandRequest,
  type CommandResult,
  commands,
  type ErrorCode,
} from './command-payloads.ts';
import type { Log } from './connection.ts';
import { type DiagnosticsBody, schemaVersion } from './payloads.ts';
import type { Incoming } from './publisher.ts';
import { RateLimit } from './rate-limit.ts';
import { levelPattern, type Topics } from './topics.ts';

/** What does the work. A UserError is the answer `refused` with its message; any other error is `failed`. */
export type CommandHandlers = {
  readonly [K in CommandName]?: (request: CommandRequest<K>) => CommandResult<K> | Promise<CommandResult<K>>;
};

/** Where requests come from and answers go; the publisher is one. */
export interface CommandPort {
  readonly topics: Topics;
  subscribe(filter: string, onMessage: (message: Incoming) => void): void;
  publishMessage(message: {
    topic: string;
    payload: string;
    retain: boolean;
    expiryS?: number;
    correlation?: string;
  }): void;
}

export interface CommandOptions {
  readonly robotId: string;
  readonly perMinute?: number;
  readonly timeoutMs?: number;
  readonly nowMs?: () => number;
  readonly log?: Log;
}

const maxBytes = 16 * 1024;
/** Requests of one command that may wait for each other. */
const maxWaiting = 8;
/** Answers kept for requests that come twice. */
const maxRemembered = 256;
const answerExpiryS = 300;

export type CommandCounters = NonNullable<DiagnosticsBody['commands']>;

interface Remembered {
  readonly hash: string;
  readonly answer: Promise<Outcome>;
}
type Outcome = { readonly result: object } | { readonly error: { code: ErrorCode; message: string } };

/**
 * Takes requests from `command/<name>`, checks them, has them done, and answers each one but those of a flood. Requests of
 * one command are done one after the other, and one that is not done in time is answered and no longer waited for; one that
 * comes twice with the same correlation id is done once and answered twice. Whatever arrives, nothing is thrown.
 */
export class CommandDispatcher {
  #received = 0;
  #refused = 0;
  #ignored = 0;
  readonly #port: CommandPort;
  readonly #handlers: CommandHandlers;
  readonly #options: CommandOptions;
  readonly #nowMs: () => number;
  readonly #requests: RateLimit;
  readonly #complaints = new RateLimit(60);
  readonly #queues = new Map<CommandName, { waiting: number; last: Promise<unknown> }>();
  readonly #remembered = new Map<string, Remembered>();

  constructor(port: CommandPort, handlers: CommandHandlers, options: CommandOptions) {
    this.#port = port;
    this.#handlers = handlers;
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#requests = new RateLimit(options.perMinute ?? 60);
  }

  start(): void {
    this.#port.subscribe(this.#port.topics.allCommands, (message) => void this.handle(message));
  }

  /** What became of the requests so far. */
  get counters(): CommandCounters {
    return { received: this.#received, refused: this.#refused, ignored: this.#ignored };
  }

  /** Resolves when the request has been answered. */
  async handle(message: Incoming): Promise<void> {
    const name = message.topic.slice(message.topic.lastIndexOf('/') + 1);
    const nowMs = this.#nowMs();
    this.#received++;
    if (!levelPattern.test(name)) {
      this.#ignored++;
      return;
    }
    if (!this.#requests.allow(nowMs)) {
      if (this.#complaints.allow(nowMs)) {
        this.#answer(name, message, null, failure('rate-limited', 'too many requests, try again later'));
      } else this.#ignored++;
      return;
    }
    const parsed = parse(name, message);
    if ('error' in parsed) return this.#answer(name, message, null, parsed);
    const { command, request } = parsed;
    const correlationId = request.correlationId ?? null;
    this.#answer(name, message, correlationId, await this.#once(command, request, message));
  }

  /** Does it, or gives the outcome of the first time. */
  #once(name: CommandName, request: CommandRequest<CommandName>, message: Incoming): Promise<Outcome> {
    const id = message.correlation?.toString('base64') ?? request.correlationId;
    if (id === undefined) return this.#enqueue(name, request);
    const key = `${name} ${id}`;
    const hash = createHash('sha256').update(message.payload).digest('base64');
    const known = this.#remembered.get(key);
    if (known !== undefined) {
      if (known.hash === hash) return known.answer;
      return Promise.resolve(failure('correlation-reused', 'another request had this correlation id'));
    }
    const answer = this.#enqueue(name, request);
    this.#remembered.set(key, { hash, answer });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= maxRemembered) break;
      this.#remembered.delete(oldest);
    }
    return answer;
  }

  #enqueue(name: CommandName, request: CommandRequest<CommandName>): Promise<Outcome> {
    const queue = this.#queues.get(name) ?? { waiting: 0, last: Promise.resolve() };
    this.#queues.set(name, queue);
    if (queue.waiting >= maxWaiting) return Promise.resolve(failure('busy', `${name} is still at work`));
    queue.waiting++;
    const outcome = queue.last.then(() => this.#do(name, request));
    queue.last = outcome.finally(() => queue.waiting--);
    return outcome;
  }

  async #do(name: CommandName, request: CommandRequest<CommandName>): Promise<Outcome> {
    const handler = this.#handlers[name] as ((request: unknown) => object | Promise<object>) | undefined;
    if (handler === undefined) return failure('unavailable', `this agent cannot do ${name}`);
    let timer: NodeJS.Timeout | undefined;
    try {
      const timeoutMs = this.#options.timeoutMs ?? 120_000;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new UserError(`not done within ${timeoutMs} ms`, 69)), timeoutMs);
      });
      return { result: await Promise.race([(async () => handler(request))(), late]) };
    } catch (error) {
      if (error instanceof UserError) return failure('refused', error.message);
      this.#options.log?.warn(`command ${name} failed: ${(error as Error)?.stack ?? error}`);
      return failure('failed', 'the agent failed at it; its log says why');
    } finally {
      clearTimeout(timer);
    }
  }

  #answer(name: string, message: Incoming, correlationId: string | null, outcome: Outcome): void {
    const { robotId } = this.#options;
    const time = new Date(this.#nowMs()).toISOString();
    const ok = 'result' in outcome;
    if (!ok) this.#refused++;
    const answer: Answer = {
      schemaVersion,
      robotId,
      command: name,
      correlationId,
      time,
      ok,
      ...outcome,
    } as Answer;
    this.#port.publishMessage({
      topic: this.#answerTopic(name, message.responseTopic),
      payload: JSON.stringify(answer),
      retain: false,
      expiryS: answerExpiryS,
      correlation: message.correlation?.toString('base64'),
    });
  }

  /**
   * The requester's response topic, unless it would let someone without the right to do so speak in the name of a robot
   * or put words where no answer belongs: below the prefix only `<prefix>/reply/` is for answers.
   */
  #answerTopic(name: string, wanted: string | undefined): string {
    const { prefix, replies, result } = this.#port.topics;
    if (wanted === undefined) return result(name);
    const plain = wanted.length <= 256 && wanted.split('/').every((level) => levelPattern.test(level));
    const reserved = wanted.startsWith('homeassistant/') || `${wanted}/`.startsWith(`${prefix}/`);
    return plain && (!reserved || wanted.startsWith(replies)) ? wanted : result(name);
  }
}

type Parsed = { readonly command: CommandName; readonly request: CommandRequest<CommandName> };

function parse(name: string, { payload, retain }: Incoming): Parsed | ReturnType<typeof failure> {
  if (!Object.hasOwn(commands, name)) {
    return failure('unknown-command', `expected one of ${Object.keys(commands).join(', ')}`);
  }
  const command = name as CommandName;
  if (retain)
    return failure('retained', 'a request must not be retained: it would be done again at each start');
  if (payload.length > maxBytes) return failure('too-large', `expected at most ${maxBytes} bytes`);
  let json: unknown;
  try {
    json = payload.length === 0 ? {} : JSON.parse(payload.toString('utf8'));
  } catch {
    return failure('bad-json', 'expected a JSON object');
  }
  const schema = commands[command].request as z.ZodType<Parsed['request']>;
  const parsed = schema.safeParse(json);
  if (parsed.success) return { command, request: parsed.data };
  const problems = findingsOf('request', json, parsed.error, schema)
    .slice(0, 5)
    .map((finding) => inWords({ ...finding, key: finding.key || 'request' }));
  return failure('bad-request', problems.join('; ').slice(0, 500));
}

function failure(code: ErrorCode, message: string): { error: { code: ErrorCode; message: string } } {
  return { error: { code, message } };
}
