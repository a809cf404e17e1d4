import { createHash } from 'node:crypto';
import type { IClientOptions, IPublishPacket, MqttClient } from 'mqtt';
import type { BrokerOptions } from './broker-options.ts';
import { clockWatch } from './clock-synchronised.ts';
import { Connection, type Log } from './connection.ts';
import { exposedFiles } from './credentials.ts';
import { Delivery } from './delivery.ts';
import { openOutbox } from './open-outbox.ts';
import type { Message } from './outbox.ts';
import type {
  DiagnosticsBody,
  DriftBody,
  ModelReportBody,
  MqttCounters,
  PredictionBody,
  RecordingBody,
  StatusBody,
  SurfaceBody,
} from './payloads.ts';
import { Stamp } from './stamp.ts';
import { createTopics, type Topics } from './topics.ts';

export interface PublisherOptions extends Omit<BrokerOptions, 'clientId'> {
  readonly prefix: string;
  readonly robotId: string;
  /** Default: made of prefix and robot, so it is the same after each start. */
  readonly clientId?: string;
  /** Version of the agent, for the last will. */
  readonly version: string;
  /** Where events wait while the broker is away; without a folder, in memory. Default 8 MiB and one day. */
  readonly outbox?: { readonly folder?: string; readonly maxBytes?: number; readonly maxAgeS?: number };
}

/** What the publisher takes from the world; each has a default. */
export interface PublisherWorld {
  readonly log?: Log;
  readonly nowMs?: () => number;
  readonly random?: () => number;
  readonly clockSynchronised?: () => boolean | null;
}

/** A message from the broker. */
export interface Incoming {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  readonly responseTopic?: string;
  readonly correlation?: Buffer;
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {} };

/**
 * Publishes what the agent knows:
 *
 *   status ------------------------------> sent at each connect; the last will says `offline`
 *   surface, drift, recording, model ----> outbox (QoS 1, in order, bounded, until acknowledged)
 *   prediction, diagnostics -------------> newest wins (QoS 0)
 *
 * The publish methods return at once and never throw; a broker that is away is waited for.
 */
export class Publisher {
  readonly topics: Topics;
  readonly #options: PublisherOptions;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #stamp: Stamp;
  readonly #connection: Connection;
  readonly #delivery: Delivery;
  readonly #subscriptions = new Map<string, (message: Incoming) => void>();
  #client: MqttClient | undefined;
  #status: StatusBody;
  #announced = false;

  constructor(options: PublisherOptions, world: PublisherWorld = {}) {
    this.#options = options;
    this.topics = createTopics(options.prefix, options.robotId);
    this.#log = world.log ?? silent;
    this.#nowMs = world.nowMs ?? Date.now;
    this.#status = {
      state: 'offline',
      reasons: ['starting'],
      version: options.version,
      model: null,
      source: null,
    };
    this.#stamp = new Stamp(
      this.topics,
      options.robotId,
      this.#nowMs,
      world.clockSynchronised ?? clockWatch(),
    );
    this.#connection = new Connection(
      { ...options, clientId: options.clientId ?? stableClientId(this.topics.base) },
      {
        onUp: (client) => this.#onUp(client),
        onDown: () => this.#delivery.down(),
        onMessage: (topic, payload, packet) => this.#onMessage(topic, payload, packet),
      },
      () => this.#will(),
      this.#log,
      world.random,
    );
    const { folder, maxBytes = 8 * 1024 * 1024, maxAgeS = 24 * 3600 } = options.outbox ?? {};
    this.#delivery = new Delivery(
      this.#connection,
      (onDrop) => openOutbox(folder, { maxBytes, maxAgeMs: maxAgeS * 1000 }, onDrop, this.#log),
      this.#nowMs,
    );
  }

  /** Resolves when the first contact was tried, whether the broker was there or not. Throws ConfigError. */
  async start(): Promise<void> {
    const contact = this.#connection.start();
    for (const name of exposedFiles(this.#options))
      this.#log.warn(`${name}: other users can read this secret`);
    await contact;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  publishStatus(body: StatusBody): void {
    this.#status = body;
    this.#announced = true;
    this.#sendStatus();
  }

  publishPrediction(body: PredictionBody): void {
    this.#delivery.telemetry(this.#stamp.report('prediction', body));
  }

  publishSurface(body: SurfaceBody): void {
    this.#delivery.event(this.#stamp.report('surface', body));
  }

  publishDrift(body: DriftBody): void {
    this.#delivery.event(this.#stamp.report('drift', body));
  }

  /** The counters of the connection are filled in here. */
  publishDiagnostics(body: Omit<DiagnosticsBody, 'mqtt'>): void {
    this.#delivery.telemetry(this.#stamp.report('diagnostics', { ...body, mqtt: this.counters() }));
  }

  publishRecording(body: RecordingBody): void {
    this.#delivery.event(this.#stamp.report('recording', body));
  }

  publishModel(body: ModelReportBody): void {
    this.#delivery.event(this.#stamp.report('model', body));
  }

  /** Anything else, through the outbox: answers to commands, discovery. */
  publishMessage(message: Omit<Message, 'createdMs' | 'qos'>): void {
    this.#delivery.event({ ...message, qos: 1, createdMs: this.#nowMs() });
  }

  /** Takes the messages of a topic or filter, now and after each reconnect. `onMessage` must not throw. */
  subscribe(filter: string, onMessage: (message: Incoming) => void): void {
    this.#subscriptions.set(filter, onMessage);
    if (this.connected) this.#subscribeAt(filter);
  }

  counters(): MqttCounters {
    const below = `${this.topics.base}/`;
    const { outbox, dropped, sent } = this.#delivery;
    return {
      sent,
      dropped: Object.fromEntries([...dropped].map(([topic, n]) => [topic.replace(below, ''), n])),
      reconnects: this.#connection.reconnects,
      outboxBytes: outbox.bytes,
      outboxMessages: outbox.messages,
    };
  }

  /** Publishes `offline`, waits at most `timeoutMs` for what is on the way, and says goodbye to the broker. */
  async close(timeoutMs = 3000): Promise<void> {
    if (this.#announced) this.publishStatus({ ...this.#status, state: 'offline', reasons: ['stopped'] });
    if (this.connected) await this.#delivery.settled(timeoutMs);
    await this.#connection.close(1000);
    this.#delivery.outbox.close();
  }

  #sendStatus(): void {
    if (this.#announced && this.connected) this.#delivery.direct(this.#stamp.report('status', this.#status));
  }

  #will(): IClientOptions['will'] {
    const body: StatusBody = { ...this.#status, state: 'offline', reasons: ['connection lost'] };
    const { topic, payload, qos, retain } = this.#stamp.report('status', body);
    return { topic, payload: Buffer.from(payload), qos, retain };
  }

  #onUp(client: MqttClient): void {
    this.#client = client;
    client.stream.on('drain', () => this.#delivery.resume());
    for (const filter of this.#subscriptions.keys()) this.#subscribeAt(filter);
    this.#delivery.up();
    this.#sendStatus();
  }

  #subscribeAt(filter: string): void {
    this.#client?.subscribe(filter, { qos: 1 }, (error) => {
      if (error && this.connected)
        this.#log.warn(`the broker refused the subscription to ${filter}: ${error.message}`);
    });
  }

  #onMessage(topic: string, payload: Buffer, packet: IPublishPacket): void {
    const { responseTopic, correlationData: correlation } = packet.properties ?? {};
    const message = { topic, payload, retain: packet.retain, responseTopic, correlation };
    for (const [filter, onMessage] of this.#subscriptions) if (matches(filter, topic)) onMessage(message);
  }
}

/** Whether an MQTT filter with `+` and a closing `#` covers a topic. */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (wanted.at(-1) === '#')
    return wanted.slice(0, -1).every((level, i) => level === '+' || level === levels[i]);
  return wanted.length === levels.length && wanted.every((level, i) => level === '+' || level === levels[i]);
}

/** At most 23 characters of [0-9a-zA-Z], which every broker must take. */
function stableClientId(base: string): string {
  return `underfoot${createHash('sha256').update(base).digest('hex').slice(0, 14)}`;
}
