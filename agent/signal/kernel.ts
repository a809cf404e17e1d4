/** A windowed-sinc low-pass, sampled finely enough that linear interpolation of the table is good to 1e-4. */
export interface Kernel {
  /** Half of its length, in units of the slower of the two periods. */
  readonly halfWidth: number;
  /** Values at 0, 1/resolution, 2/resolution ... of such a unit, and a zero behind the end. */
  readonly table: Float64Array;
  readonly resolution: number;
}

const resolution = 64;

/**
 * Kaiser-windowed sinc. `stopBandDb` sets the shape of the window, and with `halfWidth` the width of the transition
 * (Kaiser's formula); `cutoff` is where the response is halved, in cycles a unit (0.5 is the Nyquist frequency of the
 * slower rate).
 */
export function kaiserSinc(halfWidth: number, stopBandDb: number, cutoff: number): Kernel {
  const beta = kaiserBeta(stopBandDb);
  const table = new Float64Array(halfWidth * resolution + 2);
  for (let i = 0; i < halfWidth * resolution; i += 1) {
    const x = i / resolution;
    const angle = 2 * Math.PI * cutoff * x;
    const sinc = i === 0 ? 1 : Math.sin(angle) / angle;
    const edge = Math.sqrt(1 - (x / halfWidth) ** 2);
    table[i] = 2 * cutoff * sinc * (besselI0(beta * edge) / besselI0(beta));
  }
  return { halfWidth, table, resolution };
}

/** Width of the transition band in cycles a unit, from pass-band edge to stop-band edge. */
export function transitionWidth(halfWidth: number, stopBandDb: number): number {
  return (stopBandDb - 7.95) / (2.285 * 2 * Math.PI * 2 * halfWidth);
}

/** Shape of the Kaiser window for a stop band of 50 dB or more (Kaiser 1974). */
function kaiserBeta(stopBandDb: number): number {
  return 0.1102 * (stopBandDb - 8.7);
}

function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
