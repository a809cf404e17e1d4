import type { IClientPublishOptions } from 'mqtt';
import type { Outcome } from './connection.ts';
import { LatestWins } from './latest.ts';
import { isExpired, type Message, type Outbox } from './outbox.ts';

/** What delivery needs of a connection. */
export interface Wire {
  readonly connected: boolean;
  readonly version: 4 | 5;
  /** Bytes that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** Messages of QoS 1 that the broker takes before it acknowledges the first; one more, and it may hang up. */
  readonly receiveMaximum: number;
  publish(
    topic: string,
    payload: string,
    options: IClientPublishOptions,
    done: (outcome: Outcome) => void,
  ): void;
}

/** Messages of QoS 1 on the way at one time, where the broker does not ask for fewer. */
const inFlightLimit = 20;
/** Topics whose drops are counted one by one. */
const maxCountedTopics = 64;
/** Above this, telemetry waits and the newest wins: the network is slower than we are. */
const unsentLimitBytes = 64 * 1024;

/**
 * Brings messages to the broker whenever there is one: QoS 1 from the outbox in order until acknowledged, QoS 0 as it
 * comes or, when the wire is slow or down, the newest of each topic.
 */
export class Delivery {
  sent = 0;
  readonly dropped = new Map<string, number>();
  readonly #wire: Wire;
  readonly #outbox: Outbox;
  readonly #latest = new LatestWins((topic) => this.countDrop(topic));
  readonly #nowMs: () => number;
  /** Last message of each retained topic, sent again at each connect in case the broker forgot it. */
  readonly #retained = new Map<string, Message>();
  #inFlight: { readonly id: number; acknowledged: boolean }[] = [];
  #lastSentId = 0;
  /** Acknowledgements of an earlier connection are not ours. */
  #generation = 0;
  #pending = 0;
  /** Messages of QoS 1 that the broker has not acknowledged. */
  #unacknowledged = 0;
  /** State that goes before the outbox, the newest of each topic. */
  readonly #urgent = new Map<string, Message>();
  /** Outbox messages given up that are behind others still on their way: counted once, not sent again. */
  readonly #givenUp = new Set<number>();
  #settled: (() => void) | undefined;

  constructor(wire: Wire, outbox: (onDrop: (topic: string) => void) => Outbox, nowMs: () => number) {
    this.#wire = wire;
    this.#outbox = outbox((topic) => this.countDrop(topic));
    this.#nowMs = nowMs;
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  /** Telemetry (QoS 0): now or never, but for the newest. */
  telemetry(message: Message): void {
    if (message.retain) this.#retained.set(message.topic, message);
    this.#latest.put(message);
    this.#drainLatest();
  }

  /** Events (QoS 1): kept until the broker has them. */
  event(message: Message): void {
    if (message.retain) this.#retained.set(message.topic, message);
    this.#outbox.append(message, this.#nowMs());
    this.#pump();
  }

  /** State that only matters now (QoS 1, not kept): the caller sends it again at the next connect. */
  direct(message: Message): void {
    if (!this.#wire.connected) return;
    if (this.#urgent.has(message.topic)) this.countDrop(message.topic);
    this.#urgent.set(message.topic, message);
    this.#pump();
  }

  /** A new connection stands. */
  up(): void {
    this.#generation++;
    this.#inFlight = [];
    this.#lastSentId = 0;
    this.#reset();
    for (const message of this.#retained.values()) {
      if (message.qos === 1 && !this.#outbox.has(message.topic)) this.#urgent.set(message.topic, message);
    }
    this.#pump();
    this.#drainLatest();
  }

  down(): void {
    this.#generation++;
    this.#reset();
    this.#settled?.();
  }

  /** Sends what waited for a slow wire. */
  resume(): void {
    this.#drainLatest();
  }

  /** Resolves when the broker has acknowledged all that was sent, or after `timeoutMs`. */
  settled(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#settled = () => {
        if (this.#pending > 0 || this.#urgent.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      this.#settled();
    });
  }

  /** Topics come from outside as well (where answers go): beyond so many, the rest is counted together. */
  countDrop(topic: string): void {
    const key = this.dropped.has(topic) || this.dropped.size < maxCountedTopics ? topic : 'other';
    this.dropped.set(key, (this.dropped.get(key) ?? 0) + 1);
  }

  #drainLatest(): void {
    while (this.#wire.connected && this.#wire.unsentBytes < unsentLimitBytes) {
      const message = this.#latest.take(this.#nowMs());
      if (message === undefined) return;
      this.#send(message, () => {});
    }
  }

  #pump(): void {
    if (!this.#wire.connected) return;
    const limit = Math.min(inFlightLimit, this.#wire.receiveMaximum);
    for (const [topic, message] of this.#urgent) {
      if (this.#unacknowledged >= limit) return;
      this.#urgent.delete(topic);
      this.#send(message, (outcome) => {
        if (outcome === 'refused') this.countDrop(topic);
        this.#pump();
      });
    }
    this.#outbox.expire(this.#nowMs());
    const room = Math.min(inFlightLimit - this.#inFlight.length, limit - this.#unacknowledged);
    if (room <= 0) return;
    for (const { id, message } of this.#outbox.read(this.#lastSentId, room)) {
      const entry = { id, acknowledged: false };
      this.#inFlight.push(entry);
      this.#lastSentId = id;
      if (isExpired(message, this.#nowMs())) this.#giveUp(id, message.topic);
      if (this.#givenUp.has(id)) {
        entry.acknowledged = true;
        continue;
      }
      this.#send(message, (outcome) => {
        if (outcome === 'lost') return;
        // A broker that refuses a message (no rights, too large) will not take it the next time either.
        if (outcome === 'refused') this.#giveUp(id, message.topic);
        entry.acknowledged = true;
        this.#acknowledge();
      });
    }
    if (this.#inFlight[0]?.acknowledged) this.#acknowledge();
  }

  #giveUp(id: number, topic: string): void {
    if (!this.#givenUp.has(id)) this.countDrop(topic);
    this.#givenUp.add(id);
  }

  #reset(): void {
    this.#pending = 0;
    this.#unacknowledged = 0;
    this.#urgent.clear();
  }

  #acknowledge(): void {
    let last = 0;
    while (this.#inFlight[0]?.acknowledged) last = this.#inFlight.shift()?.id ?? last;
    if (last > 0) this.#outbox.acknowledge(last);
    for (const id of this.#givenUp) if (id <= last) this.#givenUp.delete(id);
    this.#pump();
  }

  #send(message: Message, done: (outcome: Outcome) => void): void {
    const generation = this.#generation;
    this.#pending++;
    this.#unacknowledged += message.qos;
    this.#wire.publish(
      message.topic,
      message.payload,
      publishOptions(message, this.#wire.version, this.#nowMs()),
      (outcome) => {
        // An event is sent again at the next connect; telemetry is gone.
        if (outcome !== 'taken' && message.qos === 0) this.countDrop(message.topic);
        if (generation !== this.#generation) return;
        this.#pending--;
        this.#unacknowledged -= message.qos;
        if (outcome === 'taken') this.sent++;
        done(outcome);
        if (this.#pending === 0) this.#settled?.();
      },
    );
  }
}

/** MQTT 5 says what a message is and how long it is good for; 3.1.1 cannot. */
function publishOptions(message: Message, version: 4 | 5, nowMs: number): IClientPublishOptions {
  const { qos, retain } = message;
  if (version === 4) return { qos, retain };
  const properties: NonNullable<IClientPublishOptions['properties']> = {
    payloadFormatIndicator: true,
    contentType: 'application/json',
  };
  if (message.expiryS !== undefined) {
    const leftS = message.expiryS - (nowMs - message.createdMs) / 1000;
    properties.messageExpiryInterval = Math.max(1, Math.round(leftS));
  }
  if (message.correlation !== undefined) {
    properties.correlationData = Buffer.from(message.correlation, 'base64');
  }
  return { qos, retain, properties };
}
