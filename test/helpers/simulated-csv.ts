import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SimulatedRobot } from '../../agent/simulate/robot.ts';

/** Writes a drive of the simulated robot as CSV: 50 readings a second, all currents multiplied by `gain`. */
export function writeDrive(
  file: string,
  { label, seed, seconds, gain = 1 }: { label: string; seed: number; seconds: number; gain?: number },
): void {
  const robot = new SimulatedRobot({ seed, rateHz: 50, labels: [label], dwellS: seconds });
  const lines = ['time,curL,curR'];
  for (let i = 0; i < seconds * 50; i++) {
    const { timeUs, currentA } = robot.next();
    lines.push([timeUs / 1e6, ...[...currentA].map((a) => (a * gain).toFixed(4))].join(','));
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
}
