/**
 * Some simulated agents in one process: real publishers, with reports as large and as frequent as those of a robot at
 * 0.65 windows a second. Started by run-fleet.ts with an IPC channel: `url first count` on the command line.
 */
import { Publisher } from '../../agent/publish/publisher.ts';
import { Random } from '../../agent/simulate/random.ts';
import * as payloads from './payloads.ts';

/** What the parent asks. */
export type Order =
  /** Reports come `speed` times as often from now on; 0 is silence. */
  { readonly speed: number } | { readonly ask: 'report' } | { readonly ask: 'stop' };

/** What the parent is told. */
export interface AgentsReport {
  readonly connected: number;
  /** When connections were made since the last report, in milliseconds since 1970. */
  readonly connectedAtMs: readonly number[];
  readonly sent: number;
  readonly dropped: number;
  readonly cpuUs: number;
  readonly residentBytes: number;
}

const windowS = 1 / 0.65;
const diagnosticsS = 10;
/** Mean time from one surface to the next. */
const surfaceS = 30;

let speed = 0;
let connectedAtMs: number[] = [];

class SimulatedAgent {
  readonly publisher: Publisher;
  readonly #random: Random;
  #windows = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(url: string, number: number) {
    this.#random = new Random(number);
    const info = (text: string) => {
      if (text.startsWith('connected')) connectedAtMs.push(Date.now());
    };
    this.publisher = new Publisher(
      { url, prefix: 'fleet-bench', robotId: `robot-${number}`, version: '0.1.0' },
      { log: { debug: () => {}, info, warn: () => {} } },
    );
    this.publisher.publishStatus(payloads.status);
  }

  drive(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    if (speed === 0) return;
    const nowUs = () => Math.round((performance.timeOrigin + performance.now()) * 1000);
    this.#each(0, windowS, () =>
      this.publisher.publishPrediction(payloads.prediction(this.#random, this.#windows++, nowUs())),
    );
    this.#each(1, diagnosticsS, () =>
      this.publisher.publishDiagnostics(payloads.diagnostics(this.#random, this.#windows)),
    );
    this.#each(2, surfaceS, () =>
      this.publisher.publishSurface(payloads.surface(this.#random, this.#windows)),
    );
  }

  /** Begins somewhere in the first period: a fleet has no common beat. */
  #each(slot: number, periodS: number, action: () => void): void {
    const periodMs = (periodS * 1000) / speed;
    this.#timers[slot] = setTimeout(() => {
      action();
      this.#timers[slot] = setInterval(action, periodMs);
    }, periodMs * this.#random.uniform());
  }
}

const [url, first, count] = process.argv.slice(2);
const agents = Array.from({ length: Number(count) }, (_, i) => new SimulatedAgent(url, Number(first) + i));

function report(): AgentsReport {
  const { user, system } = process.cpuUsage();
  const counters = agents.map((agent) => agent.publisher.counters());
  const since = connectedAtMs;
  connectedAtMs = [];
  return {
    connected: agents.filter((agent) => agent.publisher.connected).length,
    connectedAtMs: since,
    sent: counters.reduce((sum, c) => sum + c.sent, 0),
    dropped: counters.reduce((sum, c) => sum + Object.values(c.dropped).reduce((a, b) => a + b, 0), 0),
    cpuUs: user + system,
    residentBytes: process.memoryUsage().rss,
  };
}

process.on('message', async (order: Order) => {
  if ('speed' in order) {
    speed = order.speed;
    for (const agent of agents) agent.drive();
  } else if (order.ask === 'report') process.send?.(report());
  else {
    await Promise.all(agents.map((agent) => agent.publisher.close()));
    process.exit(0);
  }
});
process.on('disconnect', () => process.exit(1));
await Promise.all(agents.map((agent) => agent.publisher.start()));
process.send?.(report());
