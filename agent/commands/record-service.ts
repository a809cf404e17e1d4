import { randomUUID } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import type { z } from 'zod';
import type { PublishConfig } from '../config/publish.ts';
import { UserError } from '../errors.ts';
import { contactBroker } from '../publish/broker-client.ts';
import { answerSchema, type CommandName, type CommandResult, commands } from '../publish/command-payloads.ts';
import { createTopics, type Topics } from '../publish/topics.ts';
import { printable, WatchState } from '../publish/watch-state.ts';
import { timeIsOver } from '../recording-control.ts';
import type { Ongoing, RecordResult, RecordSnapshot } from './record-types.ts';

/** What the broker keeps is sent at once after subscribing. */
const retainedMs = 1000;
const pingMs = 3000;
const answerMs = 30_000;
const connectMs = 5000;

type Handler = (topic: string, payload: Buffer) => void;

/** The agent of a robot that runs as a service, reached through its broker. */
export class Service {
  readonly topics: Topics;
  readonly state: WatchState;
  readonly robotId: string;
  readonly #client: MqttClient;
  readonly #waiting = new Map<string, (payload: Buffer) => void>();
  readonly #handlers = new Set<Handler>();

  /**
   * The service of a robot, where one runs: its retained status says so and it answers. Undefined where none does.
   * Throws UserError (69) where the broker cannot be reached.
   */
  static async find(
    mqtt: PublishConfig,
    robotId: string,
    say: (text: string) => void,
  ): Promise<Service | undefined> {
    const client = await contactBroker({ ...mqtt, connectTimeoutMs: connectMs }, say);
    const service = new Service(client, mqtt.prefix, robotId);
    try {
      if (!(await service.#isUp())) {
        await service.close();
        return undefined;
      }
      await service.request('ping', {}, pingMs);
      return service;
    } catch (error) {
      await service.close();
      if (!(error instanceof UserError)) throw error;
      say(`a service was there and does not answer: ${error.message}`);
      return undefined;
    }
  }

  private constructor(client: MqttClient, prefix: string, robotId: string) {
    this.topics = createTopics(prefix, robotId);
    this.state = new WatchState(prefix);
    this.robotId = robotId;
    this.#client = client;
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => {
      this.state.update(topic, payload, Date.now());
      if (topic.endsWith('/result')) this.#answered(payload);
      for (const handler of this.#handlers) handler(topic, payload);
    });
  }

  /** What the robot reports. */
  get robot() {
    return this.state.robots.get(this.robotId);
  }

  /** Calls `onReport` after each report, until the connection is lost, which `onLost` says. */
  follow(onReport: () => void, onLost: () => void): void {
    this.#handlers.add(() => onReport());
    this.#client.once('close', onLost);
  }

  /** Asks and gives the answer. Throws UserError with what the service says, or where it says nothing. */
  async request<K extends CommandName>(
    name: K,
    request: object,
    timeoutMs = answerMs,
  ): Promise<CommandResult<K>> {
    const correlationId = randomUUID();
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(correlationId);
        settle();
      };
      const late = () => reject(new UserError(`no answer to ${name} within ${timeoutMs / 1000} s`, 69));
      const timer = setTimeout(() => end(late), timeoutMs);
      this.#waiting.set(correlationId, (payload) => end(() => resolve(payload)));
      const payload = JSON.stringify({ ...request, correlationId });
      this.#client.publish(this.topics.command(name), payload, { qos: 1 }, (error) => {
        if (error) end(() => reject(new UserError(`${name}: ${error.message}`, 69)));
      });
    });
    const { ok, result, error } = answerSchema.parse(JSON.parse(answer.toString()));
    if (!ok)
      throw new UserError(`the service refused: ${printable(error?.message ?? 'without a reason')}`, 69);
    return (commands[name].result as unknown as z.ZodType<CommandResult<K>>).parse(result);
  }

  async close(): Promise<void> {
    this.#client.removeAllListeners('close');
    await this.#client.endAsync(!this.#client.connected);
  }

  /** Whether the retained status says that an agent is there. */
  async #isUp(): Promise<boolean> {
    const { base } = this.topics;
    const told = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, retainedMs);
      this.#handlers.add((topic) => {
        if (topic !== this.topics.report.status) return;
        clearTimeout(timer);
        resolve();
      });
    });
    await this.#client.subscribeAsync([`${base}/+`, `${base}/command/+/result`], { qos: 1 });
    await told;
    this.#handlers.clear();
    return ['online', 'degraded'].includes(this.robot?.status?.state ?? '');
  }

  #answered(payload: Buffer): void {
    let id: unknown;
    try {
      id = JSON.parse(payload.toString()).correlationId;
    } catch {
      return;
    }
    if (typeof id === 'string') this.#waiting.get(id)?.(payload);
  }
}

/** Has the service record. Throws UserError where it refuses, as it does while it is recording already. */
export async function recordInService(
  service: Service,
  request: { label?: string | undefined; note?: string | undefined; durationS?: number | undefined },
): Promise<Ongoing> {
  const { models } = await service.request('model', { action: 'list' }).catch(() => ({ models: [] }));
  const modelLabels = models.find((model) => model.active)?.labels ?? [];
  const body = await service.request('record', { action: 'start', ...request });
  return new ServiceRecording(service, body, modelLabels);
}

class ServiceRecording implements Ongoing {
  sessionId: string;
  readonly startTime: string;
  readonly modelLabels: readonly string[];
  readonly ended: Promise<RecordResult>;
  readonly #service: Service;
  readonly #startMs = performance.now();
  #body: CommandResult<'record'>;
  #settle: (result: RecordResult) => void = () => undefined;

  constructor(service: Service, body: CommandResult<'record'>, modelLabels: readonly string[]) {
    this.#service = service;
    this.#body = body;
    this.modelLabels = modelLabels;
    this.sessionId = body.sessionId!;
    this.startTime = body.startTime ?? new Date().toISOString();
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    service.follow(
      () => this.#look(),
      () => this.#end('the broker is gone; the service goes on recording', 69),
    );
  }

  get elapsedUs(): number {
    return Math.round((performance.now() - this.#startMs) * 1000);
  }

  snapshot(): RecordSnapshot {
    const { label, bytes, freeBytes, reason, samples } = this.#body;
    const { prediction, diagnostics, status } = this.#service.robot ?? {};
    const trouble = reason ?? status?.reasons[0];
    return {
      sessionId: this.sessionId,
      where: 'service',
      label,
      durationS: this.elapsedUs / 1e6,
      samples,
      bytes,
      freeBytes,
      rateHz: diagnostics?.sampleRateHz ?? Number.NaN,
      channels: [],
      surface: prediction && { label: prediction.surface, confidence: prediction.smoothedConfidence },
      trouble: trouble && printable(trouble),
    };
  }

  async label(label: string | null, _by: string, offsetUs?: number): Promise<void> {
    const since =
      offsetUs === undefined
        ? undefined
        : new Date(Date.parse(this.startTime) + offsetUs / 1000).toISOString();
    this.#body = await this.#service.request('label', { label, since });
  }

  async mark(): Promise<void> {
    this.#body = await this.#service.request('record', { action: 'mark' });
  }

  async undo(): Promise<void> {
    this.#body = await this.#service.request('record', { action: 'undo' });
  }

  async stop(): Promise<void> {
    this.#ended(await this.#service.request('record', { action: 'stop' }));
  }

  #look(): void {
    const { recording, status } = this.#service.robot ?? {};
    if (status?.state === 'offline') this.#end('the service is gone', 69);
    if (recording?.sessionId && recording.continues === this.sessionId) this.sessionId = recording.sessionId;
    if (recording === undefined || recording.sessionId !== this.sessionId) return;
    if (recording.state === 'idle') this.#ended(recording);
    else this.#body = recording;
  }

  #ended(body: CommandResult<'record'>): void {
    this.#body = body;
    this.#end(body.reason, body.reason === undefined || body.reason === timeIsOver ? 0 : 74);
  }

  #end(reason: string | undefined, exitCode: number): void {
    const { durationS, samples, bytes } = this.#body;
    this.#settle({ sessionId: this.sessionId, durationS, samples, bytes, reason, exitCode });
    void this.#service.close().catch(() => undefined);
  }
}
