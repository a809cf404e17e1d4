import { Resampler } from '../../agent/signal/resampler.ts';

/** Times in microseconds of `count` even samples. */
export function evenTimes(rateHz: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 1e6) / rateHz);
}

/** A whole one-channel recording through a resampler, up to its last step. */
export function resample(input: {
  inputRateHz?: number | undefined;
  outputRateHz: number;
  times: readonly number[];
  values: readonly number[];
}): { timeUs: number; value: number }[] {
  const resampler = new Resampler({ channels: 1, ...input });
  const steps: { timeUs: number; value: number }[] = [];
  const take = () => {
    for (let step = resampler.next(); step; step = resampler.next()) {
      steps.push({ timeUs: step.timeUs, value: step.values[0] });
    }
  };
  const sample = { timeUs: 0, values: new Float64Array(1) };
  for (const [i, timeUs] of input.times.entries()) {
    sample.timeUs = timeUs;
    sample.values[0] = input.values[i];
    resampler.push(sample);
    take();
  }
  resampler.finish();
  take();
  return steps;
}

/**
 * Amplitude of a sine behind the resampler in dB, away from the edges: the root mean square over a cosine and a sine
 * input, which has no beat where the output frequency folds onto 0 or Nyquist.
 */
export function attenuationDb(inputRateHz: number, outputRateHz: number, frequencyHz: number): number {
  const slower = Math.min(inputRateHz, outputRateHz);
  const times = evenTimes(inputRateHz, Math.ceil((40 * inputRateHz) / slower));
  const angle = (t: number) => (2 * Math.PI * frequencyHz * t) / 1e6;
  const inPhase = resample({
    inputRateHz,
    outputRateHz,
    times,
    values: times.map((t) => Math.cos(angle(t))),
  });
  const quadrature = resample({
    inputRateHz,
    outputRateHz,
    times,
    values: times.map((t) => Math.sin(angle(t))),
  });
  const edge = (14e6 / slower) | 0;
  const end = times[times.length - 1] - edge;
  let worst = 0;
  for (const [i, step] of inPhase.entries()) {
    if (step.timeUs < edge || step.timeUs > end) continue;
    worst = Math.max(worst, Math.hypot(step.value, quadrature[i].value));
  }
  return 20 * Math.log10(worst);
}
