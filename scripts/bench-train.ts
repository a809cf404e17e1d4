/**
 * Times an epoch of training, (98, 100, 1), LSTM(64), batch 32, RMSprop, beside PyTorch on one thread:
 * `npx tsx scripts/bench-train.ts [--units 64] [--rounds 30]`. They take turns, epoch by epoch, so that what else the machine
 * does falls on all; printed as JSON: the median and the fastest epoch, the median time on the processor (which leaves out
 * the time in which others had it, and counts helper threads), and the ratios to PyTorch of all three. PyTorch is timed twice: as it is
 * (its CPU build has a fused LSTM from oneDNN, which uses AVX-512 where there is any) and without oneDNN. UNDERFOOT_PYTHON names a
 * Python with torch.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { targets } from '../agent/train/balance.ts';
import { lstmKernel } from '../agent/train/kernel/choose.ts';
import { Optimiser } from '../agent/train/optimiser.ts';
import { network } from '../agent/train/run/network.ts';
import { randomAt } from '../agent/train/seeded.ts';
import { trainStep } from '../agent/train/step.ts';

const { values } = parseArgs({
  options: { units: { type: 'string', default: '64' }, rounds: { type: 'string', default: '30' } },
});
const [units, rounds] = [Number(values.units), Number(values.rounds)];
const COUNT = 98;
const BATCH = 32;
/** Rounds that are not counted: the JIT compiler is still at work. */
const WARM_UP = 20;

/** Seconds of one epoch, by the clock and on the processor. */
interface Times {
  readonly wall: number;
  readonly cpu: number;
}

const epochs: Record<string, () => Promise<Times>> = {
  underfoot: ownEpoch(),
  torch: await torchEpoch(),
  torchWithoutOneDnn: await torchEpoch('--plain'),
};
const times: Record<string, Times[]> = { underfoot: [], torch: [], torchWithoutOneDnn: [] };
for (let round = -WARM_UP; round < rounds; round++) {
  for (const [name, epoch] of Object.entries(epochs)) {
    const passed = await epoch();
    if (round >= 0) times[name].push(passed);
  }
}
const sorted = (name: string, kind: keyof Times): number[] =>
  times[name].map((t) => t[kind]).sort((a, b) => a - b);
const summary = Object.fromEntries(
  Object.keys(epochs).map((name) => {
    const [wall, cpu] = [sorted(name, 'wall'), sorted(name, 'cpu')];
    const middle = Math.floor(rounds / 2);
    return [name, { median: wall[middle], fastest: wall[0], medianOnProcessor: cpu[middle] }];
  }),
);
const ratiosTo = (name: string): object =>
  Object.fromEntries(
    (['median', 'fastest', 'medianOnProcessor'] as const).map((kind) => [
      kind,
      Number((summary.underfoot[kind] / summary[name][kind]).toFixed(3)),
    ]),
  );
console.log(
  JSON.stringify(
    {
      units,
      node: process.version,
      kernel: lstmKernel().name,
      epochSeconds: summary,
      ratioToTorch: ratiosTo('torch'),
      ratioToTorchWithoutOneDnn: ratiosTo('torchWithoutOneDnn'),
      minutesFor1500Epochs: (summary.underfoot.median * 1500) / 60,
    },
    null,
    2,
  ),
);
process.exit(0);

function ownEpoch(): () => Promise<Times> {
  const random = randomAt(1);
  const x = Float32Array.from({ length: COUNT * 100 }, () => random.normal());
  const y = targets(
    Array.from({ length: COUNT }, (_, i) => i % 6),
    6,
  );
  const shape = { steps: 100, channels: 1, labels: 6, seed: 1, units: [units] };
  const model = network(
    { ...shape, architecture: 'lstm', bidirectional: false, batchNorm: false, dropout: 0 },
    x,
  );
  const optimiser = new Optimiser({ kind: 'rmsprop', learningRate: 0.001, rho: 0.9 });
  return async () => {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    for (let from = 0; from < COUNT; from += BATCH) {
      const to = Math.min(from + BATCH, COUNT);
      const batch = { count: to - from, x: x.slice(from * 100, to * 100), y: y.slice(from * 6, to * 6) };
      trainStep(model, optimiser, batch, random, 1);
    }
    const { user, system } = process.cpuUsage(cpu);
    return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
  };
}

async function torchEpoch(...flags: string[]): Promise<() => Promise<Times>> {
  const script = join(import.meta.dirname, 'bench/torch-epoch.py');
  const child = spawn(process.env.UNDERFOOT_PYTHON ?? 'python3', [script, String(units), ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return async () => {
    child.stdin.write('\n');
    const [wall, own] = String((await lines.next()).value)
      .split(' ')
      .map(Number);
    return { wall, cpu: own };
  };
}
