/**
 * The traffic of a fleet against one mosquitto on this machine, with real publishers (docs/fleet.md):
 *   npm run -s bench:fleet [-- --agents 1000 --processes 2 --seconds 30 --speeds 1,4 --outages 1,30] [--json]
 * Each agent holds a connection with a last will and publishes as a robot with 0.65 windows a second does: predictions
 * (QoS 0), diagnostics each 10 s (QoS 0), a surface each 30 s (QoS 1); `speeds` multiplies that. Then the broker is killed
 * for each of `outages` seconds. Needs mosquitto, and as many open files as agents twice over (ulimit -n).
 */
import { parseArgs } from 'node:util';
import { UserError } from '../agent/errors.ts';
import { runFleet } from './fleet/run-fleet.ts';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '30' },
    speeds: { type: 'string', default: '1,4' },
    outages: { type: 'string', default: '1,30' },
    json: { type: 'boolean', default: false },
  },
});
const numbers = (name: 'speeds' | 'outages', max: number) =>
  values[name]
    .split(',')
    .filter(Boolean)
    .map((text) => number(name, text, max));
function number(name: string, text: string, max: number): number {
  const value = Number(text);
  if (value > 0 && value <= max) return value;
  throw new UserError(
    `--${name}: found ${JSON.stringify(text)}, expected more than 0 and at most ${max}`,
    64,
  );
}

const seconds = number('seconds', values.seconds, 600);
const figures = await runFleet({
  agents: Math.floor(number('agents', values.agents, 5000)),
  processes: Math.floor(number('processes', values.processes, 8)),
  phases: numbers('speeds', 100).map((speed) => ({ seconds, speed })),
  outagesS: numbers('outages', 600),
});
if (values.json) console.log(JSON.stringify({ node: process.version, ...figures }, null, 2));
else {
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  console.log(`${figures.agents} agents connected within ${figures.connectS.toFixed(1)} s`);
  console.log(`broker without agents: ${mib(figures.brokerBytesEmpty)}`);
  for (const p of figures.phases) {
    console.log(
      `${p.speed} x: ${p.sentPerS.toFixed(0)} messages/s sent, ${p.receivedPerS.toFixed(0)}/s received (${(p.bytesPerS / 1000).toFixed(0)} kB/s), ` +
        `${p.lost} lost; latency p50 ${p.latencyMs.p50.toFixed(2)} ms, p99 ${p.latencyMs.p99.toFixed(1)} ms, max ${p.latencyMs.max.toFixed(0)} ms; ` +
        `broker ${p.brokerCpuPercent.toFixed(1)} % of a core, ${mib(p.brokerBytes)}; agents ${p.agentsCpuPercent.toFixed(0)} % of a core`,
    );
  }
  for (const o of figures.outages) {
    console.log(
      `broker away for ${o.outageS} s: half back after ${o.halfBackS.toFixed(1)} s, all after ${o.allBackS.toFixed(1)} s, ` +
        `at most ${o.peakConnectsPerS} connects within a second; broker ${mib(o.brokerBytes)}`,
    );
  }
  console.log(`dropped by the agents, counted: ${figures.dropped}`);
}
