/**
 * Drift on long drives of the simulated robot, through the agent's own way from samples to state:
 * `npx tsx scripts/drift-simulated.ts [--runs 40] [--hours 24]`. The demo model has seen none of these drives. Writes
 * docs/drift/demo-six-surfaces.json and prints Markdown.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createJudge, createSamplePath } from '../agent/assemble.ts';
import { judge, type Prediction } from '../agent/judge.ts';
import { loadModel } from '../agent/model/load.ts';
import { packageRoot } from '../agent/package-root.ts';
import { createReading } from '../agent/signal/sample.ts';
import { SimulatedRobot } from '../agent/simulate/robot.ts';
import { type SimulatedChange, simulatedChanges } from './drift-experiment/simulated-changes.ts';
import { cells, percent, printTable, summary } from './drift-experiment/summary.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '40' }, hours: { type: 'string', default: '24' } },
});
const [RUNS, HOURS] = [Number(values.runs), Number(values.hours)];
const DEVICE_RATE_HZ = 50;
/** Seconds on a surface: the order of the six is random. */
const DWELL_S = 60;
/** Windows before a change, and after it that are waited for an alarm. */
const [BEFORE, PATIENCE] = [150, 200];

const model = await loadModel(join(packageRoot, 'models/demo-six-surfaces'), 'onnx');
const { card } = model;
const windowS = card.stride / card.rateHz;

const stable = [];
for (const seed of [1, 2, 3]) stable.push(await stableDrive(seed));
const changes = [];
for (const change of simulatedChanges(BEFORE * windowS)) {
  changes.push({ change: change.name, ...(await changed(change)) });
  console.error(changes.at(-1));
}
const hour = 3600;
const slow: SimulatedChange = {
  name: 'load creeps to x 1.5 within an hour',
  load: (timeS) => 1 + 0.5 * Math.min(1, Math.max(0, timeS - BEFORE * windowS) / hour),
};
const delays = await alarms(slow, RUNS / 2, BEFORE, (2 * hour) / windowS);
const creeping = {
  change: slow.name,
  runs: delays.length,
  whileGrowing: delays.filter((d) => d * windowS <= hour).length / delays.length,
  medianMinutes: median(delays.filter(Number.isFinite).map((d) => (d * windowS) / 60)),
};
const result = { model: `${card.name}@${card.version}`, hours: HOURS, stable, changes, creeping };
writeFileSync(join(packageRoot, 'docs/drift/demo-six-surfaces.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log(`\n${result.model}: false alarms in ${HOURS} h: ${stable.map((s) => s.alarms).join(', ')}`);
console.log(`right: ${stable.map((s) => percent(s.accuracy)).join(', ')}\n`);
printTable(
  ['change', 'accuracy', 'confidence', 'within 20', `within ${PATIENCE}`, 'median'],
  changes.map((c) => [c.change, c.accuracy.toFixed(2), c.confidence.toFixed(2), ...cells(c)]),
);
console.log(`\n${JSON.stringify(creeping)}`);

/** Times that the state becomes `drift` though nothing changes but the surface. */
async function stableDrive(seed: number) {
  let [alarms, before, right, windows] = [0, '', 0, 0];
  for await (const { label, prediction } of drive({ name: 'none' }, seed, (HOURS * 3600) / windowS)) {
    const { state } = prediction.drift;
    if (state === 'drift' && before !== 'drift') alarms++;
    before = state;
    windows++;
    if (prediction.verdict.label === label) right++;
  }
  return { seed, windows, alarms, accuracy: right / windows };
}

async function changed(change: SimulatedChange) {
  const delays = await alarms(change, RUNS, BEFORE, PATIENCE);
  let [right, confidence, windows] = [0, 0, 0];
  for await (const { label, prediction, index } of drive(change, 9000, BEFORE + 20 * PATIENCE)) {
    if (index < BEFORE) continue;
    windows++;
    if (prediction.verdict.label === label) right++;
    confidence += Math.max(...prediction.probabilities);
  }
  return { accuracy: right / windows, confidence: confidence / windows, ...summary(delays) };
}

/** Windows from the change to the alarm, one a run; infinite where none came, missing where one came before. */
async function alarms(
  change: SimulatedChange,
  runs: number,
  before: number,
  patience: number,
): Promise<number[]> {
  const found: number[] = [];
  for (let run = 0; run < runs; run++) {
    let delay = Number.POSITIVE_INFINITY;
    for await (const { prediction, index } of drive(change, 100 + run, before + patience)) {
      if (prediction.drift.state !== 'drift') continue;
      delay = index - before + 1;
      break;
    }
    if (delay > 0) found.push(delay);
  }
  return found;
}

/** A drive over all surfaces, as the agent would judge it; `index` counts windows. */
async function* drive(
  change: SimulatedChange,
  seed: number,
  windows: number,
): AsyncGenerator<{ label: string; prediction: Prediction; index: number }> {
  const rateHz = DEVICE_RATE_HZ;
  const robot = new SimulatedRobot({ seed, rateHz, dwellS: DWELL_S, load: change.load ?? 1 });
  const device = { channels: card.channels.map((c) => c.name), timeBase: { tickUs: 1 } };
  const path = createSamplePath(card, device, { file: change.name, nominalRateHz: rateHz });
  const parts = createJudge(model, rateHz);
  const reading = createReading(card.channels.length);
  for (let index = 0; index < windows; ) {
    const sample = robot.next();
    reading.values.set(sample.currentA);
    reading.deviceTicks = change.clock?.(sample.timeUs) ?? sample.timeUs;
    change.apply?.(reading.values, sample.timeUs / 1e6);
    path.push(reading, Number.NaN);
    for (let window = path.next(); window !== undefined && index < windows; window = path.next()) {
      yield { label: sample.label, prediction: await judge(parts, window, path.rate.rateHz()), index };
      index++;
    }
  }
}

function median(list: readonly number[]): number | null {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
