import type { Prediction } from '../judge.ts';

const barWidth = 10;

/** One readable line for a terminal; `truth` where somebody knows it. */
export function predictionLine({ window, verdict, drift }: Prediction, truth?: string): string {
  const bar = '█'.repeat(Math.round(verdict.confidence * barWidth)).padEnd(barWidth, '·');
  const cells = [
    `${(window.endUs / 1e6).toFixed(1).padStart(8)} s`,
    `${bar} ${verdict.confidence.toFixed(2)} ${verdict.label.padEnd(10)}`,
    `smoothed ${verdict.smoothedConfidence.toFixed(2)} ${(verdict.unknown ? 'unknown' : verdict.smoothedLabel).padEnd(10)}`,
    `drift ${drift.state.padEnd(8)}`,
  ];
  if (truth) cells.push(`driving on ${truth}`);
  return cells.join('  ');
}
