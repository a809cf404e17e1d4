import type { DriftState } from '../drift/state.ts';

const statistics: Readonly<Record<string, string>> = {
  mean: 'mean current',
  std: 'spread of the current',
  change: 'change from step to step',
  centroid: 'balance of slow and fast changes',
  correlation: 'how left and right go together',
  asymmetry: 'difference',
};
const streams: Readonly<Record<string, string>> = {
  confidence: 'confidence of the model',
  distance: 'distance to known windows',
  gain: 'gain of the current',
};
const actions: Readonly<Record<DriftState['action'], string | undefined>> = {
  none: undefined,
  recalibrate: 'What to do: calibrate the sensor anew',
  record: 'What to do: record sessions under these conditions',
  retrain: 'What to do: train the model anew',
  'check wiring': 'What to do: check the wiring',
};

/** What moved, the gravest first, then what to do about it: for people, where MQTT has names. */
export function driftWords({ moved, action }: Pick<DriftState, 'moved' | 'action'>, most = 3): string[] {
  const words = moved
    .slice(0, most)
    .map(
      ({ what, reference, current }) => `${named(what)} is ${short(current)}, usually ${short(reference)}`,
    );
  const todo = actions[action];
  return todo && words.length > 0 ? [...words, todo] : words;
}

/** `curL.mean` is the mean current of curL, `curL-curR.asymmetry` the difference of curL and curR. */
function named(stream: string): string {
  const dot = stream.lastIndexOf('.');
  const statistic = statistics[stream.slice(dot + 1)];
  if (dot < 0 || statistic === undefined) return streams[stream] ?? stream;
  const channels = stream.slice(0, dot);
  return statistic === statistics.correlation ? `${statistic} (${channels})` : `${statistic} of ${channels}`;
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–';
}
