import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { ModelCard } from '../../agent/model/card.ts';
import { openTestPty } from '../helpers/pty.ts';

const statistic = { mean: 0, std: 1, quantiles: [0, 0, 0, 0, 0, 0, 0] };
const metrics = {
  windows: 1,
  recordings: 1,
  accuracy: 1,
  balancedAccuracy: 1,
  macroF1: 1,
  ece: 0,
  perClassRecall: {},
  confusion: [],
};

/** A card that is valid and says nothing but which channels its model reads. */
export function cardWith(channels: ModelCard['channels']): ModelCard {
  return {
    schemaVersion: 1,
    name: 'none',
    version: '1',
    description: 'channels only',
    created: '2026-01-01',
    simulated: true,
    labels: ['A', 'B'],
    rateHz: 10,
    steps: 2,
    stride: 1,
    channels,
    normalisation: { kind: 'none' },
    output: 'logits',
    temperature: 1,
    decision: { stay: 0.9, falseRejectRate: 0.01 },
    reference: { confidence: statistic, confidenceByLabel: {}, inputs: {}, inputsByLabel: {} },
    selfTest: {
      tolerance: 1,
      windows: [{ data: new Array(2 * channels.length).fill(0), probabilities: [0.5, 0.5] }],
    },
    training: {
      data: 'none',
      dataSha256: '0'.repeat(64),
      recordings: 1,
      windows: 1,
      split: 'none',
      seed: 0,
      epochs: 0,
      optimiser: 'none',
      batchSize: 1,
      parameters: 1,
      codeVersion: '0',
      script: 'none',
    },
    heldOut: { method: 'none', raw: metrics, smoothed: metrics },
    files: {},
  };
}

const periodMs = 5;

/**
 * A robot behind a real pty that sends `raw(channel, timeMs)` 200 times a second as text with its time, with its
 * configuration and the card of a model that reads curL and curR. On a busy machine what is late is sent together.
 */
export async function startRobot(t: TestContext, raw: (channel: number, timeMs: number) => number) {
  const pty = await openTestPty();
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-calibrate-'));
  const channels = ['curL', 'curR'];
  const model = join(folder, 'model');
  mkdirSync(model);
  const card = cardWith(channels.map((name) => ({ name, unit: 'A', validRange: [-30, 30] })));
  writeFileSync(join(model, 'card.json'), JSON.stringify(card));
  const config = join(folder, 'robot.yaml');
  writeFileSync(
    config,
    stringify({
      robotId: 'rover-1',
      source: { kind: 'serial', port: pty.path },
      protocol: {
        name: 'text',
        time: { column: 0, unit: 'ms' },
        columns: channels.map((channel, c) => ({ column: c + 1, channel })),
      },
      calibration: 'rover-1.yaml',
      model,
      mqtt: {},
    }),
  );
  let dueMs = performance.now();
  const sent = new EventEmitter();
  const timer = setInterval(() => {
    let lines = '';
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += periodMs)
      lines += `${[dueMs, ...channels.map((_, c) => raw(c, dueMs))].map((v) => v.toFixed(3)).join(',')}\n`;
    pty.write(lines);
    sent.emit('lines');
  }, periodMs);
  /** Resolves when the robot has sent for so long from now on. */
  const sends = async (seconds: number) => {
    const untilMs = dueMs + 1000 * seconds;
    while (dueMs < untilMs) await once(sent, 'lines');
  };
  t.after(async () => {
    clearInterval(timer);
    await pty.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { config, folder, calibration: join(folder, 'rover-1.yaml'), sends };
}
