import { randomUUID } from 'node:crypto';
import type { Message } from './outbox.ts';
import { type Envelope, reports, schemaVersion } from './payloads.ts';
import type { ReportName, Topics } from './topics.ts';

/** Makes messages of report bodies: who says it, when, and the how-manieth of its topic it is. */
export class Stamp {
  readonly #topics: Topics;
  readonly #robotId: string;
  readonly #nowMs: () => number;
  readonly #clockSynchronised: () => boolean | null;
  readonly #bootId = randomUUID();
  readonly #sequences = new Map<string, number>();

  constructor(topics: Topics, robotId: string, nowMs: () => number, clockSynchronised: () => boolean | null) {
    this.#topics = topics;
    this.#robotId = robotId;
    this.#nowMs = nowMs;
    this.#clockSynchronised = clockSynchronised;
  }

  report(name: ReportName, body: object): Message {
    const { qos, retain } = reports[name];
    const topic = this.#topics.report[name];
    const createdMs = this.#nowMs();
    const payload = JSON.stringify({ ...this.#envelope(topic, createdMs), ...body });
    return { topic, payload, qos, retain, createdMs, expiryS: reports[name].expiryS };
  }

  #envelope(topic: string, createdMs: number): Envelope {
    const sequence = (this.#sequences.get(topic) ?? 0) + 1;
    this.#sequences.set(topic, sequence);
    return {
      schemaVersion,
      robotId: this.#robotId,
      bootId: this.#bootId,
      sequence,
      time: new Date(createdMs).toISOString(),
      clockSynchronised: this.#clockSynchronised(),
    };
  }
}
