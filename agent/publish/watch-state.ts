import type { z } from 'zod';
import { type Envelope, reports } from './payloads.ts';
import { levelPattern, type ReportName, reportNames } from './topics.ts';

type Reports = { [K in ReportName]: z.infer<(typeof reports)[K]['schema']> };
type Robot = { [K in ReportName]?: Reports[K] } & { lost: number; lastMs: number };

/** A report that was understood. */
export interface Seen {
  readonly robotId: string;
  readonly name: ReportName;
  readonly report: Reports[ReportName];
}

/** Robots that are remembered: whoever can publish must not be able to fill the memory of whoever watches. */
const maxRobots = 10_000;

/** What is known of the robots under one prefix, from their messages alone. */
export class WatchState {
  /** Messages that were no report. */
  strange = 0;
  readonly robots = new Map<string, Robot>();
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = `${prefix}/`;
  }

  update(topic: string, payload: Buffer, nowMs: number): Seen | undefined {
    const [robotId, name, ...rest] = topic.slice(this.#prefix.length).split('/');
    const known = (reportNames as readonly string[]).includes(name) && rest.length === 0;
    if (!topic.startsWith(this.#prefix) || !known || !levelPattern.test(robotId)) return undefined;
    const report = parse(name as ReportName, payload);
    if (report === undefined || (!this.robots.has(robotId) && this.robots.size >= maxRobots)) {
      this.strange++;
      return undefined;
    }
    const robot = this.robots.get(robotId) ?? { lost: 0, lastMs: nowMs };
    robot.lastMs = nowMs;
    if (name === 'prediction') robot.lost += holes(robot.prediction, report);
    this.robots.set(robotId, { ...robot, [name]: report });
    return { robotId, name: name as ReportName, report };
  }

  /** Some lines for a terminal. */
  render(nowMs: number): string[] {
    const strange = this.strange > 0 ? [`${this.strange} messages were no reports of this version`] : [];
    if (this.robots.size === 0) return ['waiting for a robot ...', ...strange];
    const blocks = [...this.robots]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([id, robot]) => block(id, robot, nowMs).map(printable));
    return [...blocks, ...strange];
  }
}

/** Text from a broker may come from anyone: no control character of it may reach a terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}

function parse(name: ReportName, payload: Buffer): Reports[ReportName] | undefined {
  if (payload.length > 256 * 1024) return undefined;
  try {
    return reports[name].schema.parse(JSON.parse(payload.toString('utf8'))) as Reports[ReportName];
  } catch {
    return undefined;
  }
}

function holes(before: Envelope | undefined, now: Envelope): number {
  if (before === undefined || before.bootId !== now.bootId) return 0;
  return Math.max(0, now.sequence - before.sequence - 1);
}

function block(id: string, robot: Robot, nowMs: number): string[] {
  const { status, prediction: p, drift, diagnostics: d, recording: r } = robot;
  const model = status?.model ? `${status.model.name}@${status.model.version}` : 'no model';
  const source = status?.source ? `${status.source.name} ${status.source.state}` : 'no source';
  const reasons = status?.reasons.length ? ` (${status.reasons.join(', ')})` : '';
  const lines = [`${id.padEnd(16)} ${status?.state ?? 'unknown'}${reasons}   ${model}   ${source}`];
  if (p !== undefined) {
    lines.push(
      `  surface   ${p.surface.padEnd(16)} ${bar(p.smoothedConfidence)}${p.drift ? '  under drift' : ''}`,
    );
    const best = Object.entries(p.smoothedProbabilities).sort(([, a], [, b]) => b - a);
    for (const [label, value] of best.slice(0, 6))
      lines.push(`            ${label.padEnd(16)} ${bar(value)}`);
    lines.push(`  window    ${p.windowIndex}   latency ${p.latencyMs.toFixed(0)} ms   lost ${robot.lost}`);
  }
  if (drift !== undefined) {
    const moved = drift.moved.map((m) => `${m.what} ${m.statistic.toFixed(1)}/${m.threshold.toFixed(1)}`);
    lines.push(`  drift     ${[drift.state, ...moved.slice(0, 3)].join('   ')}`);
  }
  if (d !== undefined) {
    const rate = d.sampleRateHz === null ? 'no samples' : `${d.sampleRateHz.toFixed(1)} Hz`;
    lines.push(
      `  input     ${rate}   gaps ${d.gaps}   discarded ${d.discardedBytes} B   up ${duration(d.uptimeS)}`,
    );
  }
  if (r?.state === 'recording') lines.push(`  recording ${r.label ?? 'no label'}   ${duration(r.durationS)}`);
  lines.push(`  heard     ${duration((nowMs - robot.lastMs) / 1000)} ago`, '');
  return lines;
}

function bar(value: number): string {
  return `${'█'.repeat(Math.round(value * 20)).padEnd(20, '·')} ${value.toFixed(2)}`;
}

function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return `${s} s`;
  return s < 7200 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`;
}
