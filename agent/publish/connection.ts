import mqtt, {
  type IClientOptions,
  type IClientPublishOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { backoffMs } from '../backoff.ts';
import type { BrokerOptions } from './broker-options.ts';
import { clientOptions, insecureWarning, secretFree } from './broker-options.ts';
import { explainProblem } from './explain-problem.ts';
import { hungUpText, type MqttVersion, refusesVersion } from './protocol-version.ts';

/** Where the connection says what happens to it; pino fits. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export interface ConnectionEvents {
  /** The broker accepted us: the client is good until `onDown`. */
  onUp(client: MqttClient): void;
  onDown(): void;
  onMessage(topic: string, payload: Buffer, packet: IPublishPacket): void;
}

/** What became of a message. */
export type Outcome = 'taken' | 'refused' | 'lost';

/** What holds where a broker names no receive maximum. */
const noMaximum = 65_535;
/** A connection that stood so long was good: the next loss starts with the shortest wait again. */
const stableAfterMs = 10_000;

/**
 * Keeps one connection to the broker: an attempt after the other, each with a fresh client, with jittered exponential
 * waits, MQTT 5 first and 3.1.1 where the broker wants it. Never gives up and never throws after `start`.
 */
export class Connection {
  /** Connections after the first one. */
  reconnects = 0;
  /** Messages of QoS 1 that the broker takes at a time: it says so when it accepts us (MQTT 5). */
  receiveMaximum = noMaximum;
  #client: MqttClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #earlyCloses = 0;
  #connections = 0;
  #version: MqttVersion;
  #closed = false;
  #lastProblem = '';
  #firstContact: () => void = () => {};
  readonly #options: BrokerOptions;
  readonly #events: ConnectionEvents;
  readonly #will: () => IClientOptions['will'];
  readonly #log: Log;
  readonly #random: () => number;

  constructor(
    options: BrokerOptions,
    events: ConnectionEvents,
    will: () => IClientOptions['will'],
    log: Log,
    random: () => number = Math.random,
  ) {
    this.#options = options;
    this.#events = events;
    this.#will = will;
    this.#log = log;
    this.#random = random;
    this.#version = options.protocolVersion === '3.1.1' ? 4 : 5;
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** Protocol of the running or next connection: 5, or 4 for MQTT 3.1.1. */
  get version(): 4 | 5 {
    return this.#version;
  }

  /** Resolves when the first contact was tried, whether the broker was there or not. Throws ConfigError. */
  start(): Promise<void> {
    clientOptions(this.#options, this.#version);
    if (this.#options.insecure) this.#log.warn(insecureWarning);
    return new Promise((resolve) => {
      this.#firstContact = resolve;
      this.#attempt();
    });
  }

  /** `done` is called when the broker has it, has refused it, or the connection is gone. */
  publish(topic: string, payload: string, options: IClientPublishOptions, done: (outcome: Outcome) => void) {
    this.#client?.publish(topic, payload, options, (error) => {
      if (!error) done('taken');
      else done('code' in error && Number(error.code) >= 0x80 ? 'refused' : 'lost');
    });
  }

  /** Bytes that the operating system has not taken yet. */
  get unsentBytes(): number {
    return this.#client?.stream?.writableLength ?? 0;
  }

  /** Says goodbye, so that the broker keeps its last will to itself. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#firstContact();
    const client = this.#client;
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => client.end(true, () => resolve()), timeoutMs);
      client.end(!client.connected, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #attempt(): void {
    if (this.#closed) return;
    let client: MqttClient;
    try {
      client = mqtt.connect({ ...clientOptions(this.#options, this.#version), will: this.#will() });
    } catch (error) {
      this.#retry(explainProblem(error as Error));
      return;
    }
    this.#client = client;
    let problem = '';
    let code: number | undefined;
    let up = 0;
    client.on('connect', ({ properties }) => {
      this.receiveMaximum = properties?.receiveMaximum ?? noMaximum;
      up = performance.now();
      this.#onUp(client);
    });
    client.on('message', (topic, payload, packet) => this.#events.onMessage(topic, payload, packet));
    client.on('disconnect', (packet) => {
      problem = `the broker ended it with reason ${packet.reasonCode}`;
      if (packet.reasonCode === 0x8e) problem += ' (another client uses the same client id)';
    });
    client.on('error', (error) => {
      problem = explainProblem(error);
      code = typeof error === 'object' && 'code' in error ? Number(error.code) : undefined;
    });
    client.once('close', () => {
      if (this.#client === client) this.#client = undefined;
      if (up > 0) this.#events.onDown();
      client.end(true);
      if (up > 0 && performance.now() - up > stableAfterMs) this.#failures = 0;
      if (up === 0 && this.#fallBack(problem, code)) this.#attempt();
      else this.#retry(problem || (up > 0 ? 'connection lost' : hungUpText));
    });
  }

  #onUp(client: MqttClient): void {
    if (this.#connections++ > 0) this.reconnects++;
    this.#earlyCloses = 0;
    this.#lastProblem = '';
    const version = this.#version === 5 ? '5' : '3.1.1';
    this.#log.info(`connected to ${secretFree(this.#options.url)} with MQTT ${version}`);
    this.#events.onUp(client);
    this.#firstContact();
  }

  /** Whether to try again at once with the other protocol version. */
  #fallBack(problem: string, code: number | undefined): boolean {
    if (this.#closed || (this.#options.protocolVersion ?? 'auto') !== 'auto') return false;
    if (this.#version === 5 && refusesVersion(code)) {
      this.#version = 4;
      this.#log.info('the broker does not speak MQTT 5: using 3.1.1');
      return true;
    }
    // Some old brokers just hang up on MQTT 5: after the second time, both versions take turns.
    if (problem === '' && ++this.#earlyCloses >= 2) this.#version = this.#version === 5 ? 4 : 5;
    return false;
  }

  #retry(problem: string): void {
    this.#firstContact();
    if (this.#closed) return;
    const { reconnectMinMs = 1000, reconnectMaxMs = 60_000 } = this.#options;
    const waitMs = backoffMs(this.#failures++, reconnectMinMs, reconnectMaxMs, this.#random);
    const text = `broker ${secretFree(this.#options.url)}: ${problem}; trying again`;
    // A broker that is away for a week is one line in the journal, not one each minute.
    if (problem === this.#lastProblem) this.#log.debug(`${text} in ${waitMs} ms`);
    else this.#log.warn(`${text}, first in ${waitMs} ms`);
    this.#lastProblem = problem;
    this.#timer = setTimeout(() => this.#attempt(), waitMs);
  }
}
