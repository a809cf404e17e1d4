import { Smoother } from '../decision/smoother.ts';
import type { CardInputs } from '../model/build-card.ts';

/**
 * Chances that a surface stays, and shares of a window that are new, among which the best are taken. Recordings hold one
 * surface each, so they would have it stay for ever: 0.98 is as far as a robot that has to notice a change can go.
 */
const STAY = [0.8, 0.9, 0.95, 0.98];
const EVIDENCE = [0.1, 0.2, 0.3, 0.5, 0.7, 1];

/**
 * The smoothing that makes held-out windows most likely, every label counting the same. Windows that overlap are not
 * independent: each brings less than a window of new evidence, and a smoother that does not know is too sure of itself.
 */
export function fitDecision(
  windows: readonly { recording: string; truth: number; probabilities: Float32Array }[],
  falseRejectRate: number,
): CardInputs['decision'] {
  const labels = windows[0].probabilities.length;
  const counts = new Map<number, number>();
  for (const { truth } of windows) counts.set(truth, (counts.get(truth) ?? 0) + 1);
  let best = { stay: 0.9, evidence: 1, loss: Number.POSITIVE_INFINITY };
  for (const stay of STAY) {
    for (const evidence of EVIDENCE) {
      const smoother = new Smoother({ labels, stay, evidence });
      let loss = 0;
      let recording = '';
      for (const w of windows) {
        if (w.recording !== recording) smoother.reset();
        recording = w.recording;
        loss -= Math.log(Math.max(smoother.push(w.probabilities)[w.truth], 1e-6)) / counts.get(w.truth)!;
      }
      if (loss < best.loss) best = { stay, evidence, loss };
    }
  }
  return { stay: best.stay, evidence: best.evidence, falseRejectRate };
}
