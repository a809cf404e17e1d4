import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';

export interface Received {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever arrived
  readonly json: any;
}

/** A subscriber that keeps all that arrives and can be awaited. */
export class TestClient {
  readonly client: MqttClient;
  readonly received: Received[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, packet) => {
      const text = payload.toString();
      this.received.push({ topic, text, packet, json: text.startsWith('{') ? JSON.parse(text) : undefined });
      for (const check of this.#waiting) check();
    });
    client.on('error', () => {});
  }

  /** Connected and subscribed when it resolves. */
  static async open(
    url: string,
    filter: string | string[],
    options: IClientOptions = {},
  ): Promise<TestClient> {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5, ...options });
    const self = new TestClient(client);
    if (filter.length > 0) await client.subscribeAsync(filter, { qos: 1 });
    return self;
  }

  /** The first message, past or to come, that `wanted` accepts; of the past none before the `from`th. */
  async wait(
    wanted: (message: Received) => boolean,
    what: string,
    timeoutMs = 20_000,
    from = 0,
  ): Promise<Received> {
    const found = () => this.received.slice(from).find(wanted);
    await this.until(() => found() !== undefined, what, timeoutMs);
    return found() as Received;
  }

  /** Resolves when `done` holds after a message. */
  until(done: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        const topics = this.received.map((m) => m.topic).slice(-10);
        reject(new Error(`${what}: not within ${timeoutMs} ms; last topics: ${topics.join(', ') || 'none'}`));
      }, timeoutMs);
      const check = () => {
        if (!done()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  on(topic: string): Received[] {
    return this.received.filter((message) => message.topic === topic);
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}
