/** Reproducible numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Line {
  rateHz: number;
  skewPpm: number;
  burstMs: number;
  seconds: number;
  seed?: number;
}

/**
 * A device that samples evenly on its own clock, behind an adapter that hands over what it has every `burstMs`
 * (within a tenth), and a host whose scheduler is late by up to 2 ms, now and then by 150 ms.
 */
export function* arrivals(line: Line): Generator<{ deviceUs: number; trueUs: number; arrivalUs: number }> {
  const next = random(line.seed ?? 1);
  const periodUs = 1e6 / line.rateHz;
  let burstEnd = 5e6;
  let late = 0;
  for (let i = 0; i < line.seconds * line.rateHz; i += 1) {
    const deviceUs = i * periodUs;
    const trueUs = 5e6 + deviceUs * (1 + line.skewPpm / 1e6);
    if (trueUs > burstEnd) {
      while (trueUs > burstEnd) burstEnd += line.burstMs * 1000 * (0.9 + 0.2 * next());
      late = next() < 0.02 ? next() * 150_000 : next() ** 4 * 2_000;
    }
    yield { deviceUs, trueUs, arrivalUs: burstEnd + late };
  }
}

/** Root mean square in milliseconds. */
export function rmsMs(errorsUs: number[]): number {
  return Math.sqrt(errorsUs.reduce((sum, e) => sum + e * e, 0) / errorsUs.length) / 1000;
}
