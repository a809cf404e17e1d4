/**
 * Times an epoch of training, (98, 100, 1), LSTM(64), batch 32, RMSprop, beside PyTorch on one thread:
 * `npx tsx scripts/bench-train.ts [--units 64] [--rounds 30]`. The two take turns, epoch by epoch, so that what else the
 * machine does falls on both; medians and the ratio of the medians are printed as JSON. PyTorch is timed twice: as it is (its CPU
 * build has a fused LSTM from oneDNN, which uses AVX-512 where there is any) and without oneDNN. UNDERFOOT_PYTHON names a
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

const epochs: Record<string, () => Promise<number>> = {
  underfoot: ownEpoch(),
  torch: await torchEpoch(),
  torchWithoutOneDnn: await torchEpoch('--plain'),
};
const seconds: Record<string, number[]> = { underfoot: [], torch: [], torchWithoutOneDnn: [] };
for (let round = -3; round < rounds; round++) {
  for (const [name, epoch] of Object.entries(epochs)) {
    const passed = await epoch();
    if (round >= 0) seconds[name].push(passed);
  }
}
const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const medians = Object.fromEntries(Object.entries(seconds).map(([name, list]) => [name, median(list)]));
console.log(
  JSON.stringify(
    {
      units,
      node: process.version,
      kernel: lstmKernel().name,
      medianEpochSeconds: medians,
      ratioToTorch: medians.underfoot / medians.torch,
      ratioToTorchWithoutOneDnn: medians.underfoot / medians.torchWithoutOneDnn,
      minutesFor1500Epochs: (medians.underfoot * 1500) / 60,
    },
    null,
    2,
  ),
);
process.exit(0);

function ownEpoch(): () => Promise<number> {
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
    const start = performance.now();
    for (let from = 0; from < COUNT; from += BATCH) {
      const to = Math.min(from + BATCH, COUNT);
      const batch = { count: to - from, x: x.slice(from * 100, to * 100), y: y.slice(from * 6, to * 6) };
      trainStep(model, optimiser, batch, random, 1);
    }
    return (performance.now() - start) / 1000;
  };
}

async function torchEpoch(...flags: string[]): Promise<() => Promise<number>> {
  const script = join(import.meta.dirname, 'bench/torch-epoch.py');
  const child = spawn(process.env.UNDERFOOT_PYTHON ?? 'python3', [script, String(units), ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return async () => {
    child.stdin.write('\n');
    return Number((await lines.next()).value);
  };
}
