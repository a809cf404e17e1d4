import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import mqtt from 'mqtt';
import { type Mosquitto, startMosquitto } from '../../test/helpers/mosquitto.ts';
import type { AgentsReport, Order } from './agents.ts';
import { quantile, usageOf } from './broker-usage.ts';

export interface FleetOptions {
  readonly agents: number;
  readonly processes: number;
  /** Each is measured for so long, at so many times the traffic of real robots. */
  readonly phases: readonly { readonly seconds: number; readonly speed: number }[];
  /** How long the broker is away, each. */
  readonly outagesS: readonly number[];
}

export interface PhaseFigures {
  readonly speed: number;
  readonly sentPerS: number;
  readonly receivedPerS: number;
  readonly bytesPerS: number;
  /** Predictions that the agents numbered and the subscriber did not get. */
  readonly lost: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly brokerCpuPercent: number;
  readonly brokerBytes: number;
  readonly agentsCpuPercent: number;
}

export interface OutageFigures {
  readonly outageS: number;
  /** From the moment that the broker takes connections again. */
  readonly halfBackS: number;
  readonly allBackS: number;
  readonly peakConnectsPerS: number;
  readonly brokerBytes: number;
}

export interface FleetFigures {
  readonly agents: number;
  readonly connectS: number;
  readonly brokerBytesEmpty: number;
  readonly phases: readonly PhaseFigures[];
  readonly outages: readonly OutageFigures[];
  readonly dropped: number;
}

/** A fleet of simulated agents, one mosquitto on the loopback address, one subscriber to everything. */
export async function runFleet(options: FleetOptions): Promise<FleetFigures> {
  const broker = await startMosquitto();
  const children: ChildProcess[] = [];
  try {
    const brokerBytesEmpty = usageOf(broker.pid()).residentBytes;
    const subscriber = await Subscriber.open(broker.url);
    const startMs = Date.now();
    const fleet = await Fleet.start(broker.url, options, children);
    const connectS = (Date.now() - startMs) / 1000;
    const phases: PhaseFigures[] = [];
    for (const phase of options.phases) phases.push(await measurePhase(phase, fleet, subscriber, broker));
    await fleet.order({ speed: 1 });
    const outages: OutageFigures[] = [];
    for (const outageS of options.outagesS) outages.push(await measureOutage(outageS, fleet, broker));
    const { dropped } = await fleet.report();
    await subscriber.close();
    await fleet.stop();
    return { agents: options.agents, connectS, brokerBytesEmpty, phases, outages, dropped };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await broker.close();
  }
}

async function measurePhase(
  { seconds, speed }: FleetOptions['phases'][number],
  fleet: Fleet,
  subscriber: Subscriber,
  broker: Mosquitto,
): Promise<PhaseFigures> {
  await fleet.order({ speed });
  // Every timer has begun after one window.
  await delay((1000 * 1.6) / speed);
  const before = { ...(await fleet.report()), ...usageOf(broker.pid()), atMs: performance.now() };
  subscriber.begin();
  await delay(seconds * 1000);
  const { latenciesMs, messages, bytes, lost } = subscriber.end();
  const passedS = (performance.now() - before.atMs) / 1000;
  const used = usageOf(broker.pid());
  const after = await fleet.report();
  return {
    speed,
    sentPerS: (after.sent - before.sent) / passedS,
    receivedPerS: messages / passedS,
    bytesPerS: bytes / passedS,
    lost,
    latencyMs: {
      p50: quantile(latenciesMs, 0.5),
      p99: quantile(latenciesMs, 0.99),
      max: quantile(latenciesMs, 1),
    },
    brokerCpuPercent: ((used.cpuS - before.cpuS) / passedS) * 100,
    brokerBytes: used.residentBytes,
    agentsCpuPercent: (after.cpuUs - before.cpuUs) / passedS / 1e4,
  };
}

/** Kills the broker, waits, starts it again, and sees when the agents are back. */
async function measureOutage(outageS: number, fleet: Fleet, broker: Mosquitto): Promise<OutageFigures> {
  await fleet.report();
  await broker.stop('SIGKILL');
  await delay(outageS * 1000);
  await broker.restart();
  const upMs = Date.now();
  const times: number[] = [];
  const deadlineMs = upMs + 180_000;
  for (;;) {
    const { connected, connectedAtMs } = await fleet.report();
    times.push(...connectedAtMs);
    if (connected === fleet.size) break;
    if (Date.now() > deadlineMs) throw new Error(`only ${connected} of ${fleet.size} agents came back`);
    await delay(100);
  }
  times.sort((a, b) => a - b);
  let peak = 0;
  for (let i = 0, j = 0; j < times.length; j++) {
    while (times[j] - times[i] >= 1000) i++;
    peak = Math.max(peak, j - i + 1);
  }
  return {
    outageS,
    halfBackS: Math.max(0, quantile(times, 0.5) - upMs) / 1000,
    allBackS: Math.max(0, times[times.length - 1] - upMs) / 1000,
    peakConnectsPerS: peak,
    brokerBytes: usageOf(broker.pid()).residentBytes,
  };
}

/** The processes with the agents, as one. */
class Fleet {
  readonly size: number;
  readonly #children: readonly ChildProcess[];

  private constructor(size: number, children: readonly ChildProcess[]) {
    this.size = size;
    this.#children = children;
  }

  /** All agents have tried to connect when it resolves. */
  static async start(url: string, { agents, processes }: FleetOptions, children: ChildProcess[]) {
    const script = new URL('agents.ts', import.meta.url).pathname;
    for (let i = 0; i < processes; i++) {
      const first = Math.floor((agents * i) / processes);
      const count = Math.floor((agents * (i + 1)) / processes) - first;
      children.push(
        fork(script, [url, String(first), String(count)], {
          execArgv: ['--import', 'tsx'],
          serialization: 'json',
        }),
      );
    }
    const fleet = new Fleet(agents, children);
    await Promise.all(children.map((child) => once(child, 'message')));
    for (;;) {
      const { connected } = await fleet.report();
      if (connected === agents) return fleet;
      await delay(50);
    }
  }

  async order(order: Order): Promise<void> {
    for (const child of this.#children) child.send(order);
  }

  async report(): Promise<AgentsReport> {
    const reports = await Promise.all(
      this.#children.map(async (child) => {
        const answer = once(child, 'message');
        child.send({ ask: 'report' } satisfies Order);
        return (await answer)[0] as AgentsReport;
      }),
    );
    const sum = (of: (report: AgentsReport) => number) => reports.reduce((total, r) => total + of(r), 0);
    return {
      connected: sum((r) => r.connected),
      connectedAtMs: reports.flatMap((r) => r.connectedAtMs),
      sent: sum((r) => r.sent),
      dropped: sum((r) => r.dropped),
      cpuUs: sum((r) => r.cpuUs),
      residentBytes: sum((r) => r.residentBytes),
    };
  }

  async stop(): Promise<void> {
    await this.order({ ask: 'stop' });
    await Promise.all(this.#children.map((child) => child.exitCode ?? once(child, 'exit')));
  }
}

/** Hears everything, as a fleet server would. */
class Subscriber {
  readonly #client: mqtt.MqttClient;
  #latenciesMs: number[] = [];
  #messages = 0;
  #bytes = 0;
  #lost = 0;
  readonly #last = new Map<string, number>();

  private constructor(client: mqtt.MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => {
      const nowUs = (performance.timeOrigin + performance.now()) * 1000;
      this.#messages++;
      this.#bytes += payload.length;
      if (!topic.endsWith('/prediction')) return;
      const { endUs, sequence } = JSON.parse(payload.toString()) as { endUs: number; sequence: number };
      this.#latenciesMs.push((nowUs - endUs) / 1000);
      this.#lost += Math.max(0, sequence - 1 - (this.#last.get(topic) ?? sequence - 1));
      this.#last.set(topic, sequence);
    });
  }

  static async open(url: string): Promise<Subscriber> {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 500 });
    const self = new Subscriber(client);
    await client.subscribeAsync('fleet-bench/#', { qos: 1 });
    return self;
  }

  begin(): void {
    this.#latenciesMs = [];
    this.#messages = 0;
    this.#bytes = 0;
    this.#lost = 0;
  }

  end() {
    const figures = {
      latenciesMs: this.#latenciesMs,
      messages: this.#messages,
      bytes: this.#bytes,
      lost: this.#lost,
    };
    this.begin();
    return figures;
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
