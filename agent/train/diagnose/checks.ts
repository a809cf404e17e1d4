import { recordingsIn } from '../../session/recordings.ts';
import type { RunData } from '../run/data.ts';
import type { RunHeader, RunResult } from '../run/run-files.ts';
import { type Finding, percent } from './finding.ts';
import { fluctuation, MIN_EPOCHS } from './fluctuation.ts';
import { repeatedRecordings } from './leakage.ts';
import type { Suspect } from './suspect.ts';

export function split(header: RunHeader, data: RunData): Finding[] {
  const topic = 'leakage';
  const findings: Finding[] = [];
  if (header.options.split === 'random')
    findings.push({
      topic,
      level: 'problem',
      what: 'Windows of one recording are on both sides, so the held-out scores measure memory.',
      evidence: `split at random: ${header.heldOutRecordings.length} recordings are on both sides`,
      next: 'Train again with --split recording and believe that score.',
    });
  const held = new Set(header.heldOutRecordings);
  const repeats = repeatedRecordings([...recordingsIn(header.options.data)]).filter((r) => r.share > 0.02);
  for (const { first, second, share } of repeats.slice(0, 10)) {
    const crosses = held.has(first) !== held.has(second);
    findings.push({
      topic,
      level: crosses ? 'problem' : 'warning',
      what: `${first} and ${second} hold the same readings${crosses ? ', one on each side of the split' : ''}.`,
      evidence: `${percent(share)} of the shorter one is in the other, in runs of 12 readings and more`,
      next: 'Remove one of them, or keep both on one side.',
    });
  }
  if (findings.length > 0) return findings;
  const evidence = `${data.heldOut.length} windows of ${held.size} recordings, none of which repeats a run of readings of another`;
  return [{ topic, level: 'fine', what: 'No recording is on both sides.', evidence }];
}

export function balanceOf(header: RunHeader, { dataset, training }: RunData): Finding {
  const counts = header.labels.map((label, k) => {
    const own = training.filter((i) => dataset.y[i] === k);
    return { label, windows: own.length, recordings: new Set(own.map((i) => dataset.recordingIds[i])).size };
  });
  const windows = counts.map((c) => c.windows);
  const ratio = Math.max(...windows) / Math.min(...windows);
  const few = counts.filter((c) => c.recordings < 3);
  const evidence = counts
    .map((c) => `${c.label} ${c.windows} windows of ${c.recordings} recordings`)
    .join(', ');
  if (few.length > 0)
    return {
      topic: 'balance',
      level: 'warning',
      what: `${few.map((c) => c.label).join(', ')}: fewer than three recordings to learn from.`,
      evidence,
      next: 'Record more drives, on other days and other ground: more windows of the same drive do not help.',
    };
  if (ratio > 3 && header.options.balance === 'none')
    return {
      topic: 'balance',
      level: 'problem',
      what: `The most frequent label has ${ratio.toFixed(1)} times the windows of the rarest.`,
      evidence,
      next: 'Train with --balance labels or recordings.',
    };
  return { topic: 'balance', level: 'fine', what: 'Labels are balanced, or weighted so.', evidence };
}

export function learning(header: RunHeader, { history }: RunResult): Finding {
  const chance = Math.log(header.labels.length);
  const best = Math.min(...history.map((h) => h.loss));
  const evidence = `lowest training loss ${best.toFixed(3)}; guessing gives ${chance.toFixed(3)}`;
  if (best > 0.9 * chance)
    return {
      topic: 'learning',
      level: 'problem',
      what: 'The network has learned next to nothing.',
      evidence,
      next: 'More epochs, a learning rate 3 to 10 times higher, a larger batch; then look at the data.',
    };
  const { start, half, end } = course(history.map((h) => h.loss));
  if (end < 0.8 * half || half - end > 0.2 * (start - end))
    return {
      topic: 'learning',
      level: 'warning',
      what: 'The loss was still falling when training ended.',
      evidence: `${evidence}; ${half.toFixed(3)} half way`,
      next: 'Train for more epochs.',
    };
  return {
    topic: 'learning',
    level: 'fine',
    what: 'The training loss has come down and levelled off.',
    evidence,
  };
}

/** Mean loss of a tenth of the epochs, at least one: the first, the ones half way, and the last. */
function course(losses: readonly number[]): { start: number; half: number; end: number } {
  const few = Math.max(1, Math.floor(losses.length / 10));
  const mean = (from: number) => losses.slice(from, from + few).reduce((a, b) => a + b, 0) / few;
  return {
    start: mean(0),
    half: mean(Math.floor((losses.length - few) / 2)),
    end: mean(losses.length - few),
  };
}

export function generalisation(header: RunHeader, { history, bestEpoch, heldOut }: RunResult): Finding {
  const at = history[Math.min(bestEpoch, history.length) - 1];
  const gap = at.accuracy - heldOut.accuracy;
  const lowest = history.reduce((a, b) => ((b.valLoss ?? 0) < (a.valLoss ?? 0) ? b : a));
  const evidence = `accuracy ${percent(at.accuracy)} in training, ${percent(heldOut.accuracy)} on held-out recordings; held-out loss was lowest in epoch ${lowest.epoch} of ${history.length}`;
  if (gap <= 0.1)
    return {
      topic: 'generalisation',
      level: 'fine',
      what: 'New recordings go about as well as known ones.',
      evidence,
    };
  const stop =
    lowest.epoch === history.length
      ? 'Train for more epochs first: the held-out loss was still falling. Then stop'
      : 'Stop';
  const next = `${stop} early (--patience), fewer units, --dropout 0.3, --architecture features, and more recordings${header.options.batchNorm ? '' : '; --batch-norm may help too'}.`;
  return {
    topic: 'generalisation',
    level: gap > 0.2 ? 'problem' : 'warning',
    what: 'The network knows its training recordings better than their surfaces.',
    evidence,
    next,
  };
}

export function capacity(header: RunHeader): Finding {
  const ratio = header.parameters / header.trainingWindows;
  const evidence = `${header.parameters} parameters, ${header.trainingWindows} training windows: ${ratio.toFixed(1)} a window`;
  if (ratio < 30)
    return {
      topic: 'size',
      level: 'fine',
      what: 'The network is of a size that the data can carry.',
      evidence,
    };
  return {
    topic: 'size',
    level: 'warning',
    what: 'The network can learn every window by heart.',
    evidence,
    next: 'Fewer units: 16 to 64 are enough for a few thousand windows.',
  };
}

export function rate({ history }: RunResult): Finding {
  const f = fluctuation(history.map((h) => h.loss));
  const roughness =
    history.length < MIN_EPOCHS
      ? `roughness needs ${MIN_EPOCHS} epochs, there are ${history.length}`
      : `roughness ${f.roughness.toFixed(3)} (standard deviation of log10 about its trend)`;
  const evidence = `the loss rises in ${percent(f.rises)} of epochs, at most by a factor of ${f.largestRise.toFixed(2)}; ${roughness}`;
  if (f.largestRise > 2 || f.roughness > 0.1)
    return {
      topic: 'learning rate',
      level: 'warning',
      what: 'The loss jumps: the learning rate is high for this batch size.',
      evidence,
      next: 'A third of the learning rate, --clip-norm 1, or a batch four times as large.',
    };
  return { topic: 'learning rate', level: 'fine', what: 'The loss goes down without large jumps.', evidence };
}

export function batch(header: RunHeader, noise: number | undefined): Finding {
  const size = header.options.batchSize === 'full' ? header.trainingWindows : header.options.batchSize;
  if (noise === undefined)
    return {
      topic: 'batch size',
      level: 'fine',
      what: 'The gradient is lost in its noise: these weights are at a minimum for the batches there are.',
      evidence: `batch ${size}, 24 gradients of 4 and of 64 windows`,
    };
  const evidence = `gradient noise scale ${noise.toFixed(0)} windows at the final weights, batch ${size}`;
  if (size < noise / 8)
    return {
      topic: 'batch size',
      level: 'warning',
      what: 'Steps are mostly noise: the loss fluctuates because each batch pulls elsewhere.',
      evidence,
      next: `A batch of ${nearest(noise)}, or a lower learning rate, and judge by the mean of several epochs.`,
    };
  if (size > noise * 8)
    return {
      topic: 'batch size',
      level: 'warning',
      what: 'Batches are larger than the noise asks for.',
      evidence,
      next: `A batch of ${nearest(noise)} learns as much a step and takes more steps an epoch.`,
    };
  return { topic: 'batch size', level: 'fine', what: 'The batch fits the noise of the gradient.', evidence };
}

const nearest = (noise: number): number => 2 ** Math.max(1, Math.min(10, Math.round(Math.log2(noise))));

export function labelNoise(found: readonly Suspect[], header: RunHeader): Finding {
  const share = found.length / header.trainingWindows;
  if (found.length === 0)
    return {
      topic: 'label noise',
      level: 'fine',
      what: 'No window was hard to learn all along and taken for another label in the end.',
      evidence: 'loss over the epochs and the final predictions agree with the labels',
    };
  const recordings = new Map<string, number>();
  for (const s of found) recordings.set(s.recording, (recordings.get(s.recording) ?? 0) + 1);
  const worst = [...recordings].sort((a, b) => b[1] - a[1]).slice(0, 3);
  return {
    topic: 'label noise',
    level: 'warning',
    what: `${found.length} training windows (${percent(share)}) may carry the wrong label, or look like another surface.`,
    evidence: `most in ${worst.map(([id, n]) => `${id} (${n})`).join(', ')}; ranked by loss over the epochs`,
    next: 'Look at them in the plots; correct or cut the recordings; train again.',
  };
}

/** Power at the slowest frequency that fits a window: what moves more slowly than that is not seen whole. */
export function length({ dataset, training }: RunData): Finding {
  const { steps, channels, x } = dataset;
  let [slow, all] = [0, 0];
  for (const window of training) {
    const own = Float64Array.from({ length: steps }, (_, t) => x[(window * steps + t) * channels]);
    const mean = own.reduce((a, b) => a + b, 0) / steps;
    let [re, im] = [0, 0];
    own.forEach((v, t) => {
      re += (v - mean) * Math.cos((2 * Math.PI * t) / steps);
      im += (v - mean) * Math.sin((2 * Math.PI * t) / steps);
      all += (v - mean) ** 2 / steps;
    });
    slow += (2 * (re * re + im * im)) / (steps * steps);
  }
  const share = all > 0 ? slow / all : 0;
  const evidence = `${percent(share)} of the variance within windows is at their slowest frequency`;
  if (share > 0.4)
    return {
      topic: 'window length',
      level: 'warning',
      what: 'Windows are short for what happens in them: most of the movement takes longer than one.',
      evidence,
      next: 'More steps, or a lower rate.',
    };
  return { topic: 'window length', level: 'fine', what: 'What happens fits into a window.', evidence };
}
